/* Sizes for people: "340 MB", "12.3 GB". */
#ifndef NMFI_IO_SIZE_TEXT_H
#define NMFI_IO_SIZE_TEXT_H

#include <stdio.h>

enum { NMFI_SIZE_TEXT = 32 };

static inline const char *nmfi_size_text(double bytes, char text[NMFI_SIZE_TEXT])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
    const int last = (int)(sizeof units / sizeof *units) - 1;
    int unit = 0;
    while (bytes >= 999.5 && unit < last) {
        bytes /= 1000;
        unit++;
    }
    snprintf(text, NMFI_SIZE_TEXT, "%.3g %s", bytes, units[unit]);
    return text;
}

#endif
