/* Status names, error records, the version. */
#include <nmfkit/status.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *nmf_status_name(nmf_status status)
{
    static const char *const names[] = {"ok",        "argument", "shape",      "data",
                                        "memory",    "file",     "format",     "unsupported",
                                        "numerical", "network",  "interrupted", "time-limit"};
    const size_t index = (size_t)status;
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

const char *nmf_version(void)
{
    return NMFKIT_VERSION;
}

/* Drops the bytes of a character that the buffer's end cut in two. */
static void trim_partial_utf8(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80) start--;
    if (start == 0) return;
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (length - (start - 1) < wanted) text[start - 1] = '\0';
}

nmf_status nmf_fail(nmf_error *error, nmf_status status, const char *format, ...)
{
    if (!error) return status;
    error->status = status;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    if (length < 0) error->message[0] = '\0';
    if (length >= (int)sizeof error->message) trim_partial_utf8(error->message);
    for (char *c = error->message; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' '; /* a message is one line, whatever a file name holds */
    return status;
}
