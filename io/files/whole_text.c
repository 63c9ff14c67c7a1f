/* A whole text file in memory: see whole_text.h. */
#include "whole_text.h"

#include "file_view.h"
#include "utf8.h"

#include <stdlib.h>
#include <string.h>

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

nmf_status nmfi_whole_text_open(const char *path, uint64_t most, nmfi_whole_text *text,
                                nmf_error *error)
{
    nmfi_file_view *view;
    memset(text, 0, sizeof *text);
    nmf_status status = nmfi_file_view_open_within(path, most, &view, error);
    if (status != NMF_OK) {
        return status;
    }
    text->view = view;
    text->bytes = (const char *)view->bytes;
    text->count = view->count;
    if (nmfi_is_utf16(text->bytes, text->count)) {
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

void nmfi_whole_text_let_go(const nmfi_whole_text *text, const char *until)
{
    if (text->memory == NULL && text->view != NULL) {
        nmfi_file_view_let_go(text->view, until);
    }
}

void nmfi_whole_text_close(nmfi_whole_text *text)
{
    nmfi_file_view_close(text->view);
    free(text->memory);
    memset(text, 0, sizeof *text);
}
