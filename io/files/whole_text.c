/* A whole text file in memory: see whole_text.h. */
#include "whole_text.h"

#include "file_view.h"
#include "text_window.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

/* All windows of a gzipped file, one after the other. */
static nmf_status unpack(const char *path, nmfi_whole_text *text, nmf_error *error)
{
    nmfi_text_reader *reader;
    const char *at, *end;
    size_t capacity = 0;
    nmf_status status = nmfi_text_reader_open(path, &reader, error);
    if (status != NMF_OK) {
        return status;
    }
    while ((status = nmfi_text_reader_next(reader, &at, &end, error)) == NMF_OK && at < end) {
        const size_t more = (size_t)(end - at);
        if (capacity - text->count < more) {
            capacity = 2 * capacity + more;
            char *grown =
                capacity <= nmfi_machine_memory() / 2 ? realloc(text->memory, capacity) : NULL;
            if (grown == NULL) {
                status =
                    nmf_fail(error, NMF_ERROR_MEMORY,
                             "%s: unpacks to more than %zu bytes, for which there is no memory",
                             path, capacity);
                break;
            }
            text->memory = grown;
        }
        memcpy(text->memory + text->count, at, more);
        text->count += more;
    }
    nmfi_text_reader_close(reader);
    text->bytes = text->memory != NULL ? text->memory : "";
    return status;
}

static nmf_status recode(const char *path, nmfi_whole_text *text, nmf_error *error)
{
    size_t count = 0;
    char *recoded = nmfi_utf8_from_utf16(text->bytes, text->count, &count);
    if (recoded == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for its text", path);
    }
    free(text->memory);
    text->memory = recoded;
    text->bytes = recoded;
    text->count = count;
    return NMF_OK;
}

nmf_status nmfi_whole_text_open(const char *path, nmfi_whole_text *text, nmf_error *error)
{
    nmfi_file_view *view;
    memset(text, 0, sizeof *text);
    nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status != NMF_OK) {
        return status;
    }
    text->view = view;
    text->bytes = (const char *)view->bytes;
    text->count = view->count;
    if (view->count >= 2 && memcmp(view->bytes, "\x1F\x8B", 2) == 0) {
        text->count = 0;
        status = unpack(path, text, error);
    }
    if (status == NMF_OK && nmfi_is_utf16(text->bytes, text->count)) {
        status = recode(path, text, error);
    }
    if (status != NMF_OK) {
        nmfi_whole_text_close(text);
        return status;
    }
    const size_t mark = nmfi_utf8_mark(text->bytes, text->count);
    text->bytes += mark;
    text->count -= mark;
    return NMF_OK;
}

void nmfi_whole_text_close(nmfi_whole_text *text)
{
    nmfi_file_view_close(text->view);
    free(text->memory);
    memset(text, 0, sizeof *text);
}
