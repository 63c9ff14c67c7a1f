/* What a reader decided, told to whoever called: see reader.h. */
#include "reader.h"

#include <stdarg.h>
#include <stdio.h>

void nmfi_note(const nmfi_read_request *request, const char *format, ...)
{
    if (request == NULL || request->options->note == NULL) {
        return;
    }
    char sentence[1024];
    va_list values;
    va_start(values, format);
    vsnprintf(sentence, sizeof sentence, format, values);
    va_end(values);
    request->options->note(sentence, request->options->note_context);
}
