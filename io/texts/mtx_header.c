/* The head of a MatrixMarket file: its banner, comments and sizes. See mtx.h. */
#include "mtx.h"

#include "io/arrays/sparse_parts.h"
#include "io/arrays/triplets.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

static int word_is(const char *at, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(at, word, length) == 0;
}

/* The banner's words, "%%MatrixMarket matrix coordinate real general". */
static nmf_status take_banner(nmfi_mtx *r)
{
    /* SciPy writes the last one for unsigned types. */
    static const char *const fields[] = {"real", "integer", "pattern", "unsigned-integer"};
    const char *words[5];
    size_t lengths[5];
    const char *at = r->at;
    for (int i = 0; i < 5; i++) {
        words[i] = at = nmfi_skip_blanks(at);
        at = nmfi_skip_word(at);
        lengths[i] = (size_t)(at - words[i]);
    }
    if (!word_is(words[0], lengths[0], "%%MatrixMarket") ||
        !word_is(words[1], lengths[1], "matrix") || lengths[4] == 0) {
        return nmfi_text_reader_fail(
            r->text, words[0],
            "does not begin a line such as '%%MatrixMarket matrix coordinate "
            "real general'",
            r->error);
    }
    r->coordinate = word_is(words[2], lengths[2], "coordinate");
    if (!r->coordinate && !word_is(words[2], lengths[2], "array")) {
        return nmfi_text_reader_fail(r->text, words[2], "is neither 'coordinate' nor 'array'",
                                     r->error);
    }
    int kind = 0;
    while (kind < 4 && !word_is(words[3], lengths[3], fields[kind])) {
        kind++;
    }
    r->values = kind == 3 ? NMFI_MTX_INTEGER : (nmfi_mtx_field)kind;
    r->symmetric = word_is(words[4], lengths[4], "symmetric");
    const int general = word_is(words[4], lengths[4], "general");
    if (kind == 4 || (!general && !r->symmetric) ||
        (r->values == NMFI_MTX_PATTERN && !r->coordinate)) {
        const char *path = nmfi_text_reader_path(r->text);
        return nmf_fail(r->error, NMF_ERROR_UNSUPPORTED,
                        "%s: is '%.*s %.*s %.*s'; real, integer and pattern (coordinate only), "
                        "general and symmetric can be read",
                        path, (int)(lengths[2] < 20 ? lengths[2] : 20), words[2],
                        (int)(lengths[3] < 20 ? lengths[3] : 20), words[3],
                        (int)(lengths[4] < 20 ? lengths[4] : 20), words[4]);
    }
    return NMF_OK;
}

static const char *line_end(const char *at)
{
    while (*at != '\n') {
        at++;
    }
    return at;
}

nmf_status nmfi_mtx_next_line(nmfi_mtx *r)
{
    for (;;) {
        if (r->at == r->end) {
            const nmf_status status = nmfi_text_reader_next(r->text, &r->at, &r->end, r->error);
            if (status != NMF_OK || r->at == r->end) {
                return status;
            }
        }
        const char *begin = nmfi_skip_blanks(r->at);
        if (*begin != '\n' && *begin != '%') {
            return NMF_OK;
        }
        r->at = line_end(begin) + 1;
    }
}

/* The line of two or three sizes. */
static nmf_status take_sizes(nmfi_mtx *r)
{
    nmf_status status = nmfi_mtx_next_line(r);
    if (status != NMF_OK) {
        return status;
    }
    if (r->at == r->end) {
        return nmf_fail(r->error, NMF_ERROR_FORMAT, "%s: ends before the line of its sizes",
                        nmfi_text_reader_path(r->text));
    }
    const int count = r->coordinate ? 3 : 2;
    uint64_t sizes[3] = {0, 0, 0};
    const char *at = r->at;
    for (int i = 0; i < count; i++) {
        const char *begin = nmfi_skip_blanks(at);
        at = nmfi_scan_whole(begin, &sizes[i]);
        if (at == begin || sizes[i] > INT64_MAX || at != nmfi_skip_word(at)) {
            return nmfi_text_reader_fail(r->text, begin,
                                         count == 3
                                             ? "is not one of three sizes: rows, columns, entries"
                                             : "is not one of two sizes: rows, columns",
                                         r->error);
        }
    }
    at = nmfi_skip_blanks(at);
    if (*at != '\n') {
        return nmfi_text_reader_fail(r->text, at, "is more than the sizes that belong here",
                                     r->error);
    }
    r->at = at + 1;
    r->rows = (int64_t)sizes[0];
    r->columns = (int64_t)sizes[1];
    r->entries = (int64_t)sizes[2];
    return NMF_OK;
}

static nmf_status check_sizes(const nmfi_mtx *r)
{
    const char *path = nmfi_text_reader_path(r->text);
    if (r->rows < 1 || r->columns < 1) {
        return nmf_fail(r->error, NMF_ERROR_SHAPE, "%s: is empty: %" PRId64 " x %" PRId64 " values",
                        path, r->rows, r->columns);
    }
    if (r->rows > NMFI_LARGEST_SIDE || r->columns > NMFI_LARGEST_SIDE) {
        return nmf_fail(r->error, NMF_ERROR_UNSUPPORTED,
                        "%s: is %" PRId64 " x %" PRId64 "; text files are read up to %" PRId64
                        " rows and columns",
                        path, r->rows, r->columns, NMFI_LARGEST_SIDE);
    }
    if (!nmfi_side_fits(r->rows, "rows", path, r->error) ||
        !nmfi_side_fits(r->columns, "columns", path, r->error)) {
        return NMF_ERROR_MEMORY;
    }
    if (r->symmetric && r->rows != r->columns) {
        return nmf_fail(r->error, NMF_ERROR_FORMAT,
                        "%s: calls itself symmetric, but is %" PRId64 " x %" PRId64, path, r->rows,
                        r->columns);
    }
    return NMF_OK;
}

nmf_status nmfi_mtx_header(nmfi_mtx *r)
{
    nmf_status status = nmfi_text_reader_next(r->text, &r->at, &r->end, r->error);
    if (status == NMF_OK && r->at == r->end) {
        status =
            nmf_fail(r->error, NMF_ERROR_FORMAT, "%s: has no text", nmfi_text_reader_path(r->text));
    }
    if (status == NMF_OK) {
        status = take_banner(r);
    }
    if (status == NMF_OK) {
        r->at = line_end(r->at) + 1;
        status = take_sizes(r);
    }
    return status == NMF_OK ? check_sizes(r) : status;
}
