/* Sizes for people. */
#include <nmfkit/io.h>
#include <stdio.h>

const char *nmf_io_size_text(double bytes, char text[NMF_IO_SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    const int last = (int)(sizeof units / sizeof *units) - 1;
    int unit = 0;
    while (bytes >= 999.5 && unit < last) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, NMF_IO_SIZE_TEXT, "%.3g %s", bytes, units[unit]);
    return text;
}
