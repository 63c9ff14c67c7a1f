/* Windows of whole lines over a file or memory: see text_window.h. */
#include "text_window.h"

#include "io/files/packed.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW_BYTES ((size_t)1 << 20) /* fits the second-level cache with what is made of it */
#define LONGEST_LINE ((size_t)1 << 28)
#define SHOWN_BYTES 40

struct nmfi_text_reader {
    char *path;
    nmfi_unpacker *file; /* or, where it is NULL: */
    const char *memory;
    size_t memory_left;
    int64_t most_bytes;
    char *buffer; /* `capacity` bytes and one more */
    size_t capacity;
    size_t window, filled; /* buffer: the window, then the beginning of the line that follows */
    int64_t lines_before;  /* this window */
    int at_end;
};

/* Of a text of at most so many bytes. */
static nmf_status new_text(const char *path, int64_t most_bytes, nmfi_text_reader **text,
                           nmf_error *error)
{
    nmfi_text_reader *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->path = strdup(path);
        made->most_bytes = most_bytes;
        /* A full window, and one byte more to see the end by. */
        made->capacity =
            most_bytes < (int64_t)WINDOW_BYTES ? (size_t)most_bytes + 1 : WINDOW_BYTES;
        made->buffer = malloc(made->capacity + 1);
    }
    if (made == NULL || made->path == NULL || made->buffer == NULL) {
        nmfi_text_reader_close(made);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    *text = made;
    return NMF_OK;
}

nmf_status nmfi_text_reader_open(const char *path, nmfi_text_reader **text, nmf_error *error)
{
    *text = NULL;
    nmfi_unpacker *file;
    nmf_status status = nmfi_unpacker_open(path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = new_text(path, nmfi_unpacker_most_bytes(file), text, error);
    if (status != NMF_OK) {
        nmfi_unpacker_close(file);
        return status;
    }
    (*text)->file = file;
    return NMF_OK;
}

nmf_status nmfi_text_reader_open_memory(const void *bytes, size_t count, const char *path,
                                        nmfi_text_reader **text, nmf_error *error)
{
    *text = NULL;
    const nmf_status status = new_text(path, (int64_t)count, text, error);
    if (status == NMF_OK) {
        (*text)->memory = bytes;
        (*text)->memory_left = count;
    }
    return status;
}

void nmfi_text_reader_close(nmfi_text_reader *text)
{
    if (text == NULL) {
        return;
    }
    nmfi_unpacker_close(text->file);
    free(text->buffer);
    free(text->path);
    free(text);
}

/* Fills the buffer's free part; sets at_end where there is nothing more. */
static nmf_status read_more(nmfi_text_reader *text, nmf_error *error)
{
    const size_t room = text->capacity - text->filled;
    size_t got = 0;
    if (text->file != NULL) {
        const nmf_status status =
            nmfi_unpacker_read(text->file, text->buffer + text->filled, room, &got, error);
        if (status != NMF_OK) {
            return status;
        }
    } else {
        got = text->memory_left < room ? text->memory_left : room;
        memcpy(text->buffer + text->filled, text->memory, got);
        text->memory += got;
        text->memory_left -= got;
    }
    text->filled += got;
    text->at_end = got == 0;
    return NMF_OK;
}

static nmf_status grow(nmfi_text_reader *text, nmf_error *error)
{
    if (text->capacity >= LONGEST_LINE) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: line %" PRId64 " is longer than %zu bytes, the most that is read",
                        text->path, text->lines_before + 1, LONGEST_LINE);
    }
    char *grown = realloc(text->buffer, 2 * text->capacity + 1);
    if (grown == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for a line of %zu bytes",
                        text->path, text->capacity);
    }
    text->buffer = grown;
    text->capacity *= 2;
    return NMF_OK;
}

static int64_t count_lines(const char *at, const char *end)
{
    int64_t lines = 0;
    for (; at < end; at++) {
        lines += *at == '\n';
    }
    return lines;
}

nmf_status nmfi_text_reader_next(nmfi_text_reader *text, const char **at, const char **end,
                                 nmf_error *error)
{
    text->lines_before += count_lines(text->buffer, text->buffer + text->window);
    text->filled -= text->window;
    memmove(text->buffer, text->buffer + text->window, text->filled);
    text->window = 0;
    *at = *end = text->buffer;
    while (text->window == 0) {
        nmf_status status = text->filled == text->capacity ? grow(text, error) : NMF_OK;
        const size_t before = text->filled;
        if (status == NMF_OK) {
            status = read_more(text, error);
        }
        if (status != NMF_OK) {
            return status;
        }
        if (text->at_end) { /* the last line may lack its end */
            if (text->filled == 0) {
                return NMF_OK;
            }
            text->buffer[text->filled++] = '\n';
            text->window = text->filled;
        }
        for (size_t i = text->filled; i > before && text->window == 0; i--) {
            text->window = text->buffer[i - 1] == '\n' ? i : 0;
        }
    }
    *at = text->buffer;
    *end = text->buffer + text->window;
    return NMF_OK;
}

int64_t nmfi_text_reader_most_bytes(const nmfi_text_reader *text)
{
    return text->most_bytes;
}

const char *nmfi_text_reader_path(const nmfi_text_reader *text)
{
    return text->path;
}

nmf_status nmfi_text_reader_fail(const nmfi_text_reader *text, const char *place, const char *what,
                                 nmf_error *error)
{
    int shown = 0;
    while (shown < SHOWN_BYTES && (unsigned char)place[shown] > ' ') {
        shown++;
    }
    while (shown == SHOWN_BYTES && ((unsigned char)place[shown - 1] & 0xC0) == 0x80) {
        shown--; /* not the middle of a UTF-8 character */
    }
    return nmf_fail(error, NMF_ERROR_FORMAT, "%s:%" PRId64 ": '%.*s' %s", text->path,
                    text->lines_before + count_lines(text->buffer, place) + 1, shown, place, what);
}
