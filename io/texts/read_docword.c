/* Reads bags of words as the UCI repository distributes them (docword.NAME.txt, plain or gzipped):
 * three lines with the numbers of documents, words and entries, then one line "document word count"
 * for each entry, counted from 1. The words are those of vocab.NAME.txt beside it. */
#include "names_beside.h"
#include "readers.h"

#include "io/arrays/sparse_parts.h"
#include "io/arrays/triplets.h"
#include "io/files/text_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers in the line at *at, which moves behind it; -1 where something else is in it. */
static int whole_numbers(const char **at, const char *end)
{
    int count = 0;
    for (const char *c = *at; c < end; c++) {
        if (*c == '\n') {
            *at = c + 1;
            return count;
        }
        if (*c >= '0' && *c <= '9') {
            count += c == *at || c[-1] < '0' || c[-1] > '9';
        } else if (*c != ' ' && *c != '\t' && *c != '\r') {
            return -1;
        }
    }
    return -1; /* no whole line */
}

static int recognise(const unsigned char *head, size_t bytes)
{
    static const int wanted[] = {1, 1, 1, 3};
    const char *at = (const char *)head;
    for (int i = 0; i < 4; i++) {
        if (whole_numbers(&at, (const char *)head + bytes) != wanted[i]) {
            return 0;
        }
    }
    return 1;
}

typedef struct bag {
    nmfi_text_reader *text;
    const char *at, *end;
    int64_t sizes[3]; /* documents, words, entries */
    nmf_error *error;
} bag;

/* To the next line that is not blank; at == end behind the last one. */
static nmf_status next_line(bag *b)
{
    for (;;) {
        if (b->at == b->end) {
            const nmf_status status = nmfi_text_reader_next(b->text, &b->at, &b->end, b->error);
            if (status != NMF_OK || b->at == b->end) {
                return status;
            }
        }
        const char *begin = nmfi_skip_blanks(b->at);
        if (*begin != '\n') {
            return NMF_OK;
        }
        b->at = begin + 1;
    }
}

/* A line of `count` numbers from 1 (or, where least is 0, from 0) to most[i]. */
static nmf_status take_line(bag *b, int count, const int64_t *most, int64_t least, int64_t *numbers)
{
    for (int i = 0; i < count; i++) {
        uint64_t number;
        const char *begin = nmfi_skip_blanks(b->at);
        b->at = nmfi_scan_whole(begin, &number);
        if (b->at == begin || b->at != nmfi_skip_word(b->at) || number > (uint64_t)most[i] ||
            (int64_t)number < least) {
            char text[96];
            snprintf(text, sizeof text, "is not a whole number from %" PRId64 " to %" PRId64, least,
                     most[i]);
            return nmfi_text_reader_fail(b->text, begin, text, b->error);
        }
        numbers[i] = (int64_t)number;
    }
    b->at = nmfi_skip_blanks(b->at);
    if (*b->at != '\n') {
        return nmfi_text_reader_fail(b->text, b->at, "is more than belongs on this line", b->error);
    }
    b->at++;
    return NMF_OK;
}

static nmf_status fail_end(const bag *b, int64_t found)
{
    return nmf_fail(b->error, NMF_ERROR_FORMAT, "%s: ends after %" PRId64 " of %" PRId64 " entries",
                    nmfi_text_reader_path(b->text), found, b->sizes[2]);
}

static nmf_status take_sizes(bag *b)
{
    const char *path = nmfi_text_reader_path(b->text);
    const int64_t most[] = {NMFI_LARGEST_SIDE, NMFI_LARGEST_SIDE, INT64_MAX};
    nmf_status status = NMF_OK;
    for (int i = 0; i < 3 && status == NMF_OK; i++) {
        status = next_line(b);
        if (status == NMF_OK) {
            status =
                b->at < b->end ? take_line(b, 1, &most[i], i < 2, &b->sizes[i]) : fail_end(b, 0);
        }
    }
    if (status != NMF_OK) {
        return status;
    }
    if (b->sizes[2] > nmfi_text_reader_most_bytes(b->text) / 5) { /* "1 1 1" and more */
        return nmf_fail(b->error, NMF_ERROR_FORMAT,
                        "%s: promises %" PRId64 " entries, more than its bytes can hold (%" PRId64
                        ")",
                        path, b->sizes[2], nmfi_text_reader_most_bytes(b->text));
    }
    return nmfi_side_fits(b->sizes[0], "documents", path, b->error) &&
                   nmfi_side_fits(b->sizes[1], "words", path, b->error)
               ? NMF_OK
               : NMF_ERROR_MEMORY;
}

static nmf_status take_entries(bag *b, nmfi_triplets *entries)
{
    const int64_t most[] = {b->sizes[0], b->sizes[1], INT32_MAX};
    nmf_status status = NMF_OK;
    for (int64_t found = 0; found < b->sizes[2] && status == NMF_OK; found++) {
        int64_t numbers[3];
        status = next_line(b);
        if (status == NMF_OK) {
            status = b->at < b->end ? take_line(b, 3, most, 1, numbers) : fail_end(b, found);
        }
        if (status == NMF_OK) {
            status =
                nmfi_triplets_add(entries, (int32_t)(numbers[0] - 1), (int32_t)(numbers[1] - 1),
                                  (double)numbers[2], nmfi_text_reader_path(b->text), b->error);
        }
    }
    if (status == NMF_OK) {
        status = next_line(b);
    }
    if (status == NMF_OK && b->at < b->end) {
        status = nmfi_text_reader_fail(b->text, nmfi_skip_blanks(b->at),
                                       "follows the last entry that is promised", b->error);
    }
    return status;
}

static nmf_status docword_matrix(nmfi_text_reader *text, const nmfi_read_request *request,
                                 nmf_matrix **matrix, nmf_error *error)
{
    bag b = {.text = text, .error = error};
    nmfi_triplets entries = {.request = request};
    *matrix = NULL;
    nmf_status status = take_sizes(&b);
    if (status == NMF_OK) {
        status = take_entries(&b, &entries);
    }
    if (status != NMF_OK) {
        nmfi_triplets_free(&entries);
        return status;
    }
    const int64_t features = request->options->features;
    const int64_t words = features > b.sizes[1] ? features : b.sizes[1];
    return nmfi_triplets_matrix(&entries, b.sizes[0], words, 1, nmfi_text_reader_path(text), matrix,
                                error);
}

/* docword.NAME.txt -> vocab.NAME.txt; vocab.txt where the name does not begin so. */
static nmf_status name_words(const nmfi_read_request *request, nmf_matrix *matrix, nmf_error *error)
{
    const char *path = request->path;
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    if (strncmp(name, "docword", 7) != 0) {
        return nmfi_names_beside(path, "vocab.txt", matrix, NMF_FEATURE_NAMES, request, error);
    }
    const size_t rest = strlen(name) - 7;
    const int zipped = rest > 3 && strcmp(name + 7 + rest - 3, ".gz") == 0;
    char *vocabulary = malloc(rest + sizeof "vocab");
    if (vocabulary == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    sprintf(vocabulary, "vocab%.*s", (int)(zipped ? rest - 3 : rest), name + 7);
    const nmf_status status =
        nmfi_names_beside(path, vocabulary, matrix, NMF_FEATURE_NAMES, request, error);
    free(vocabulary);
    return status;
}

static nmf_status read_docword(const nmfi_read_request *request, nmf_matrix **matrix,
                               nmf_error *error)
{
    const char *path = request->path;
    nmfi_text_reader *text;
    *matrix = NULL;
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status == NMF_OK) {
        status = docword_matrix(text, request, matrix, error);
        nmfi_text_reader_close(text);
    }
    if (status == NMF_OK && (status = name_words(request, *matrix, error)) != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

const nmfi_reader nmfi_reader_docword = {
    "bag of words (docword)", "docword", 1, 0, recognise, read_docword};
