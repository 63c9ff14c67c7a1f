/* See report_writing.h. */
#include "report_writing.h"

static char last_of(const nmfi_writing *w, char nothing)
{
    return w->out->used > 0 ? w->out->text[w->out->used - 1] : nothing;
}

void nmfi_put_key(nmfi_writing *w, const char *name)
{
    nmfi_buffer_format(w->out, "%s\"%s\":", last_of(w, '{') == '{' ? "" : ",", name);
}

void nmfi_put_text(nmfi_writing *w, const char *name, const char *text)
{
    nmfi_put_key(w, name);
    nmfi_buffer_string(w->out, text);
}

void nmfi_put_number(nmfi_writing *w, const char *name, double value)
{
    nmfi_put_key(w, name);
    nmfi_buffer_number(w->out, value);
}

void nmfi_put_whole(nmfi_writing *w, const char *name, int64_t value)
{
    nmfi_put_key(w, name);
    nmfi_buffer_format(w->out, "%lld", (long long)value);
}

void nmfi_put_flag(nmfi_writing *w, const char *name, int value)
{
    nmfi_put_key(w, name);
    nmfi_buffer_text(w->out, value ? "true" : "false");
}

void nmfi_open_object(nmfi_writing *w, const char *name)
{
    if (name != NULL) {
        nmfi_put_key(w, name);
    }
    nmfi_buffer_text(w->out, "{");
}

void nmfi_close_object(nmfi_writing *w)
{
    nmfi_buffer_text(w->out, "}");
}

void nmfi_open_list(nmfi_writing *w, const char *name)
{
    nmfi_put_key(w, name);
    nmfi_buffer_text(w->out, "[");
}

void nmfi_close_list(nmfi_writing *w)
{
    nmfi_buffer_text(w->out, "]");
}

void nmfi_next_entry(nmfi_writing *w)
{
    nmfi_buffer_text(w->out, last_of(w, '[') == '[' ? "" : ",");
}

void nmfi_put_numbers(nmfi_writing *w, const char *name, const double *values, int64_t count)
{
    nmfi_open_list(w, name);
    for (int64_t i = 0; i < count; i++) {
        nmfi_buffer_text(w->out, i > 0 ? "," : "");
        nmfi_buffer_number(w->out, values[i]);
    }
    nmfi_close_list(w);
}

void nmfi_put_wholes(nmfi_writing *w, const char *name, const int64_t *values, int64_t count)
{
    nmfi_open_list(w, name);
    for (int64_t i = 0; i < count; i++) {
        nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "", (long long)values[i]);
    }
    nmfi_close_list(w);
}
