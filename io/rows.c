/* Rows that come one after the other (nmfkit/io.h): of an .npy as it comes in, or lines of numbers. What
 * was read and not yet used waits in one buffer. */
#include "io/arrays/npy.h"
#include "io/files/number.h"
#include "io/texts/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nmfkit/io.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLICE = 1 << 16, WAIT_MILLISECONDS = 200 };
#define LONGEST_LINE ((size_t)1 << 30)

struct nmf_io_rows {
    char *path;
    int descriptor;
    int (*stop)(void *context);
    void *context;
    int ended;   /* nothing comes behind what the buffer has */
    int stopped; /* because somebody said stop */
    unsigned char *buffer;
    size_t begin, end, room;
    int is_text;
    int64_t columns, count; /* so many rows were given out */
    nmfi_npy_header header;
    char delimiter;       /* of text; ' ': any run of blanks; 0: not known yet */
    int64_t line;         /* lines before the record at `begin` */
    size_t record_bytes;  /* of the record that was found there */
    int64_t record_lines; /* that it goes over */
    char **names;         /* of the features, from a first line; NULL: none */
    int64_t bytes;        /* that were read */
};

/* --- bytes ------------------------------------------------------------------------------------- */

/* Waits for more; 0 at the end, or where somebody says stop. */
static int wait_for_more(nmf_io_rows *r)
{
    struct pollfd wanted = {.fd = r->descriptor, .events = POLLIN};
    for (;;) {
        const int ready = poll(&wanted, 1, WAIT_MILLISECONDS);
        if (r->stop != NULL && r->stop(r->context)) {
            return 0;
        }
        if (ready > 0) {
            return 1;
        }
        if (ready < 0 && errno != EINTR) {
            return 1; /* reading says why */
        }
    }
}

/* Makes room for one slice more, and what is there begins the buffer. */
static nmf_status make_room(nmf_io_rows *r, nmf_error *error)
{
    if (r->begin > 0) {
        memmove(r->buffer, r->buffer + r->begin, r->end - r->begin);
        r->end -= r->begin;
        r->begin = 0;
    }
    if (r->room - r->end >= SLICE) {
        return NMF_OK;
    }
    const size_t room = 2 * r->room + SLICE;
    unsigned char *more = realloc(r->buffer, room);
    if (more == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory: a buffer of %zu bytes",
                        r->path, room);
    }
    r->buffer = more;
    r->room = room;
    return NMF_OK;
}

static nmf_status read_slice(nmf_io_rows *r, nmf_error *error)
{
    const nmf_status status = make_room(r, error);
    if (status != NMF_OK) {
        return status;
    }
    if (!wait_for_more(r)) {
        r->ended = r->stopped = 1;
        return NMF_OK;
    }
    const ssize_t got = read(r->descriptor, r->buffer + r->end, r->room - r->end);
    if (got < 0 && errno != EINTR && errno != EAGAIN) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", r->path, strerror(errno));
    }
    r->ended = got == 0;
    r->end += got > 0 ? (size_t)got : 0;
    r->bytes += got > 0 ? got : 0;
    return NMF_OK;
}

/* Until so many bytes are there, or all that there will be. */
static nmf_status have(nmf_io_rows *r, size_t bytes, nmf_error *error)
{
    nmf_status status = NMF_OK;
    while (status == NMF_OK && !r->ended && r->end - r->begin < bytes) {
        status = read_slice(r, error);
    }
    return status;
}

/* --- .npy -------------------------------------------------------------------------------------- */

static nmf_status open_npy(nmf_io_rows *r, nmf_error *error)
{
    nmf_status status = have(r, NMFI_NPY_LONGEST_HEADER + 12, error);
    if (status == NMF_OK) {
        status =
            nmfi_npy_parse(r->buffer + r->begin, r->end - r->begin, r->path, &r->header, error);
    }
    if (status != NMF_OK) {
        return status;
    }
    const nmfi_npy_header *h = &r->header;
    if (strchr("US", h->kind) != NULL) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s: holds text, not numbers", r->path);
    }
    if (h->dimensions != 2 && h->dimensions != 3) {
        return nmf_fail(error, NMF_ERROR_SHAPE, "%s: has %d dimensions; rows have 2, pictures 3",
                        r->path, h->dimensions);
    }
    if (h->fortran && h->shape[0] > 1) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: is stored column by column (Fortran order): its rows do not come one "
                        "after the other",
                        r->path);
    }
    r->columns = h->shape[1] * (h->dimensions == 3 ? h->shape[2] : 1);
    r->begin += h->data_offset;
    return NMF_OK;
}

static nmf_status next_npy(nmf_io_rows *r, int64_t most, nmf_matrix **X, nmf_error *error)
{
    const nmfi_npy_header *h = &r->header;
    const int64_t left = h->shape[0] - r->count, wanted = left < most ? left : most;
    size_t row;
    if (wanted <= 0) {
        return NMF_OK;
    }
    if (!nmfi_array_bytes(1, 1, r->columns, h->item_bytes, &row) ||
        row > (size_t)PTRDIFF_MAX / 4 / (size_t)wanted) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: a row has more bytes than any memory",
                        r->path);
    }
    const nmf_status status = have(r, row * (size_t)wanted, error);
    if (status != NMF_OK) {
        return status;
    }
    const int64_t there = (int64_t)((r->end - r->begin) / row);
    const int64_t taken = there < wanted ? there : wanted;
    if (taken == 0) {
        if (r->stopped) {
            return NMF_OK;
        }
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: ends after %" PRId64 " rows; its header promises %" PRId64, r->path,
                        r->count, h->shape[0]);
    }
    unsigned char *copy = malloc(row * (size_t)taken);
    if (copy == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", r->path);
    }
    memcpy(copy, r->buffer + r->begin, row * (size_t)taken);
    r->begin += row * (size_t)taken;
    r->count += taken;
    const int pictures = h->dimensions == 3;
    const nmfi_raw_array raw = {.data = copy,
                                .kind = h->kind,
                                .item_bytes = (int)h->item_bytes,
                                .big_endian = h->big_endian,
                                .pictures = pictures,
                                .rows = taken,
                                .height = pictures ? h->shape[1] : 1,
                                .width = h->shape[pictures ? 2 : 1],
                                .width_stride = 1,
                                .height_stride = h->shape[pictures ? 2 : 1],
                                .row_stride = r->columns};
    return nmfi_raw_to_matrix(&raw, free, copy, X, error);
}

/* --- text -------------------------------------------------------------------------------------- */

/* Where a record is: a line end inside quotes does not end it. */
typedef enum record_state { CELL_BEGINS, IN_CELL, IN_QUOTES, QUOTE_CLOSED } record_state;

static record_state next_state(record_state state, char c, char delimiter)
{
    const int blank = c == ' ' || (c == '\t' && delimiter != '\t' && delimiter != '\0');
    if (state == IN_QUOTES) {
        return c == '"' ? QUOTE_CLOSED : IN_QUOTES;
    }
    if (c == '"' && state != IN_CELL) {
        return IN_QUOTES; /* behind a closed one it is the second of a pair */
    }
    /* The first record tells the delimiter: until it is known, any of these may be. */
    if (delimiter == '\0' ? c == ',' || c == ';' || c == '\t'
                          : c == delimiter || (blank && delimiter == ' ')) {
        return CELL_BEGINS;
    }
    return blank && state != IN_CELL ? state : IN_CELL;
}

/* The place of the line end that ends the record at r->begin, counting the lines that it goes over; NULL
 * where what is there does not end. *looked and *state go on from what was looked at before. */
static unsigned char *record_end(const nmf_io_rows *r, size_t *looked, record_state *state,
                                 int64_t *lines)
{
    unsigned char *const at = r->buffer + r->begin;
    const size_t there = r->end - r->begin;
    if (there > 0 && *at == '#') { /* which may have quotes that nothing closes */
        unsigned char *const found =
            there > *looked ? memchr(at + *looked, '\n', there - *looked) : NULL;
        *looked = there;
        return found;
    }
    for (; *looked < there; ++*looked) {
        const char c = (char)at[*looked];
        if (c == '\n' && *state != IN_QUOTES) {
            return at + *looked;
        }
        *lines += c == '\n';
        *state = next_state(*state, c, r->delimiter);
    }
    return NULL;
}

static int has_something(const char *begin, const char *end)
{
    while (begin < end && (*begin == ' ' || *begin == '\t' || *begin == '\r')) {
        begin++;
    }
    return begin < end;
}

/* The next record that has something and is no comment, without being taken; *end NULL at the end of all. */
static nmf_status find_record(nmf_io_rows *r, const char **begin, const char **end,
                              nmf_error *error)
{
    size_t looked = 0;
    record_state state = CELL_BEGINS;
    int64_t more = 0; /* lines that the record goes over */
    *begin = *end = NULL;
    for (;;) {
        unsigned char *const found = record_end(r, &looked, &state, &more);
        const size_t there = r->end - r->begin;
        if (found == NULL && !r->ended && there < LONGEST_LINE) {
            const nmf_status status = read_slice(r, error);
            if (status != NMF_OK) {
                return status;
            }
            continue;
        }
        if (found == NULL && !r->ended) {
            return nmf_fail(error, NMF_ERROR_FORMAT, "%s: line %" PRId64 " does not end", r->path,
                            r->line + 1);
        }
        if (found == NULL && (there == 0 || r->stopped)) { /* half a row is none */
            return NMF_OK;
        }
        const char *const at = (const char *)r->buffer + r->begin;
        const size_t length = found != NULL ? (size_t)(found - (r->buffer + r->begin)) : there;
        r->record_bytes = length + (found != NULL);
        r->record_lines = more + 1;
        if (*at != '#' && has_something(at, at + length)) {
            *begin = at;
            *end = at + length;
            return NMF_OK;
        }
        r->begin += r->record_bytes;
        r->line += r->record_lines;
        looked = 0;
        more = 0;
        state = CELL_BEGINS;
    }
}

static void take_record(nmf_io_rows *r)
{
    r->begin += r->record_bytes;
    r->line += r->record_lines;
}

static nmfi_csv_scan scan_of(const nmf_io_rows *r, const char *begin, const char *end)
{
    const nmfi_csv_scan scan = {
        .begin = begin, .at = begin, .end = end, .delimiter = r->delimiter};
    return scan;
}

static nmf_status fail_quotes(const nmf_io_rows *r, int64_t cell, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "%s: line %" PRId64 ", cell %" PRId64
                    ": its quotes do not end, or something follows them",
                    r->path, r->line + 1, cell);
}

static int is_number(const nmfi_csv_cell *cell, double *value)
{
    return nmfi_number_parse(cell->text, cell->length, '.', value) == NMFI_NUMBER;
}

static nmf_status count_cells(nmf_io_rows *r, const char *begin, const char *end, int *all_numbers,
                              nmf_error *error)
{
    nmfi_csv_scan scan = scan_of(r, begin, end);
    nmfi_csv_cell cell = {.last = 0};
    double value;
    *all_numbers = 1;
    for (r->columns = 0; !cell.last; r->columns++) {
        if (nmfi_csv_next(&scan, &cell) != NMFI_CSV_CELL) {
            return fail_quotes(r, r->columns + 1, error);
        }
        *all_numbers &= is_number(&cell, &value);
    }
    return NMF_OK;
}

static nmf_status take_names(nmf_io_rows *r, const char *begin, const char *end, nmf_error *error)
{
    nmfi_csv_scan scan = scan_of(r, begin, end);
    nmfi_csv_cell cell = {.last = 0};
    int latin1 = 0;
    r->names = calloc((size_t)r->columns + 1, sizeof *r->names);
    for (int64_t at = 0; r->names != NULL && at < r->columns; at++) {
        (void)nmfi_csv_next(&scan, &cell); /* as many as were counted */
        r->names[at] = nmfi_csv_string(&cell, &latin1);
        if (r->names[at] == NULL) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for names", r->path);
        }
    }
    return r->names != NULL
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for names", r->path);
}

/* What divides the cells of a line, quoted ones left aside. */
static char delimiter_of(const char *begin, const char *end)
{
    static const char order[] = {'\t', ';', ','};
    int quoted = 0, seen[3] = {0, 0, 0};
    for (; begin < end; begin++) {
        quoted ^= *begin == '"';
        for (int i = 0; i < 3; i++) {
            seen[i] |= !quoted && *begin == order[i];
        }
    }
    return seen[0] ? '\t' : seen[1] ? ';' : seen[2] ? ',' : ' ';
}

static nmf_status open_text(nmf_io_rows *r, nmf_error *error)
{
    const char *begin, *end;
    int numbers = 0;
    nmf_status status = find_record(r, &begin, &end, error);
    if (status == NMF_OK && begin == NULL) {
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no rows", r->path);
    }
    if (status == NMF_OK) {
        r->is_text = 1;
        r->delimiter = delimiter_of(begin, end);
        status = find_record(r, &begin, &end, error); /* where it ends may be another place now */
    }
    if (status == NMF_OK) {
        status = count_cells(r, begin, end, &numbers, error);
    }
    if (status == NMF_OK && !numbers) {
        status = take_names(r, begin, end, error);
        take_record(r);
    }
    return status;
}

static nmf_status take_row(const nmf_io_rows *r, const char *begin, const char *end, double *row,
                           nmf_error *error)
{
    nmfi_csv_scan scan = scan_of(r, begin, end);
    nmfi_csv_cell cell = {.last = 0};
    int64_t at = 0;
    for (; !cell.last; at++) {
        if (nmfi_csv_next(&scan, &cell) != NMFI_CSV_CELL) {
            return fail_quotes(r, at + 1, error);
        }
        if (at < r->columns && !is_number(&cell, &row[at])) {
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "%s: line %" PRId64 ", cell %" PRId64 ": '%.*s' is no number", r->path,
                            r->line + 1, at + 1, (int)(cell.length < 40 ? cell.length : 40),
                            cell.text);
        }
    }
    if (at == r->columns) {
        return NMF_OK;
    }
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "%s: line %" PRId64 " has %" PRId64 " numbers, the lines before %" PRId64,
                    r->path, r->line + 1, at, r->columns);
}

static nmf_status take_rows(nmf_io_rows *r, int64_t most, double **rows, int64_t *count,
                            nmf_error *error)
{
    int64_t room = 0;
    nmf_status status = NMF_OK;
    *count = 0;
    while (status == NMF_OK && *count < most) {
        const char *begin, *end;
        status = find_record(r, &begin, &end, error);
        if (status != NMF_OK || begin == NULL) {
            return status;
        }
        if (*count == room) {
            room = room > 0 ? 2 * room : 16;
            double *more = realloc(*rows, (size_t)room * (size_t)r->columns * sizeof *more + 1);
            if (more == NULL) {
                return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory: %" PRId64 " rows",
                                r->path, room);
            }
            *rows = more;
        }
        status = take_row(r, begin, end, *rows + *count * r->columns, error);
        take_record(r);
        *count += status == NMF_OK;
    }
    return status;
}

static nmf_status next_text(nmf_io_rows *r, int64_t most, nmf_matrix **X, nmf_error *error)
{
    nmfi_c_locale locale;
    double *rows = NULL;
    int64_t count;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status = take_rows(r, most, &rows, &count, error);
    nmfi_c_locale_leave(&locale);
    r->count += count;
    if (status != NMF_OK || count == 0) {
        free(rows);
        return status;
    }
    const nmf_dense dense = {rows, NMF_F64, count, r->columns, r->columns, 1};
    status = nmf_matrix_adopt(&dense, free, rows, X, error);
    if (status == NMF_OK && r->names != NULL) {
        status = nmf_matrix_set_names(*X, NMF_FEATURE_NAMES, (const char *const *)r->names, error);
    }
    return status;
}

/* --- what is public ---------------------------------------------------------------------------- */

static nmf_status open_rows(nmf_io_rows *r, nmf_error *error)
{
    nmf_status status = have(r, 6, error);
    if (status != NMF_OK) {
        return status;
    }
    if (r->end - r->begin >= 6 && memcmp(r->buffer, "\x93NUMPY", 6) == 0) {
        status = open_npy(r, error);
    } else {
        nmfi_c_locale locale;
        if (!nmfi_c_locale_enter(&locale)) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
        }
        status = open_text(r, error);
        nmfi_c_locale_leave(&locale);
    }
    if (status == NMF_OK && r->columns < 1) {
        status = nmf_fail(error, NMF_ERROR_SHAPE, "%s: its rows have no entries", r->path);
    }
    return status;
}

nmf_status nmf_io_rows_open(const char *path, int (*stop)(void *context), void *context,
                            nmf_io_rows **rows, nmf_error *error)
{
    if (path == NULL || rows == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "rows need a path and a place");
    }
    *rows = NULL;
    nmf_io_rows *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    const int is_stdin = strcmp(path, "-") == 0;
    r->stop = stop;
    r->context = context;
    r->path = strdup(is_stdin ? "standard input" : path);
    r->descriptor = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    nmf_status status = NMF_OK;
    if (r->path == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    } else if (r->descriptor < 0) {
        status = nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    } else {
        status = open_rows(r, error);
    }
    if (status != NMF_OK) {
        nmf_io_rows_close(r);
        return status;
    }
    *rows = r;
    return NMF_OK;
}

int64_t nmf_io_rows_columns(const nmf_io_rows *rows)
{
    return rows != NULL ? rows->columns : 0;
}

int64_t nmf_io_rows_bytes(const nmf_io_rows *rows)
{
    return rows != NULL ? rows->bytes : 0;
}

nmf_status nmf_io_rows_next(nmf_io_rows *rows, int64_t most, nmf_matrix **X, nmf_error *error)
{
    if (rows == NULL || X == NULL || most < 1) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the next rows need a place and a number");
    }
    *X = NULL;
    const nmf_status status =
        rows->is_text ? next_text(rows, most, X, error) : next_npy(rows, most, X, error);
    if (status != NMF_OK) {
        nmf_matrix_free(*X);
        *X = NULL;
    }
    return status;
}

void nmf_io_rows_close(nmf_io_rows *rows)
{
    if (rows == NULL) {
        return;
    }
    if (rows->descriptor >= 0) {
        close(rows->descriptor);
    }
    for (int64_t i = 0; rows->names != NULL && rows->names[i] != NULL; i++) {
        free(rows->names[i]);
    }
    free(rows->names);
    free(rows->buffer);
    free(rows->path);
    free(rows);
}
