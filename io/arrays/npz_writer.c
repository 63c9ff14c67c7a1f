/* Writes .npz archives through libzip: see npz_writer.h. libzip writes only when it closes the
 * archive, by name, into the temporary file of atomic_file.h. */
#include "npz_writer.h"
#include "names_array.h"
#include "npy.h"
#include "row_blocks.h"

#include "io/files/atomic_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

/* 1980-01-01, the date NumPy gives to members. */
#define FIXED_DOS_DATE (1 << 5 | 1)

/* Rows of a matrix that do not lie side by side in memory are made when the archive is written, some at a
 * time. */
#define SOME_BYTES ((int64_t)1 << 20)
typedef struct making {
    const nmf_matrix *matrix;
    enum { DENSE_ROWS, INDICES, VALUES } what; /* of the entries of rows of a sparse one */
    int64_t bytes;           /* behind the header */
    int64_t row_bytes, most; /* rows made together */
    zip_uint64_t head_left;  /* bytes of the header that were not given yet */
    int64_t next;            /* the first row that was not made yet */
    char *rows;              /* what was made last; of it, bytes [begin, end) were not given yet */
    size_t begin, end;
    nmf_error error; /* why there are no more */
    zip_error_t zip_error;
} making;

/* One member's parts, kept until the archive is written. */
typedef struct member {
    struct member *next;
    char header[NMFI_NPY_HEADER_BYTES];
    zip_buffer_fragment_t parts[2];
    void *owned;  /* memory to free at the end, or NULL */
    making *made; /* likewise */
} member;

struct nmfi_npz_writer {
    nmfi_atomic_file *file;
    zip_t *zip;
    char *path;
    member *members;
};

static nmf_status out_of_memory(const nmfi_npz_writer *writer, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", writer->path);
}

static void free_making(making *m)
{
    if (m != NULL) {
        free(m->rows);
        zip_error_fini(&m->zip_error);
        free(m);
    }
}

static void free_writer(nmfi_npz_writer *writer)
{
    while (writer->members != NULL) {
        member *old = writer->members;
        writer->members = old->next;
        free_making(old->made);
        free(old->owned);
        free(old);
    }
    free(writer->path);
    free(writer);
}

nmf_status nmfi_npz_create(const char *path, nmfi_npz_writer **writer, nmf_error *error)
{
    *writer = NULL;
    nmfi_npz_writer *made = calloc(1, sizeof *made);
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status = nmfi_atomic_open(path, &made->file, error);
    if (status == NMF_OK) {
        int code = 0;
        made->zip = zip_open(nmfi_atomic_name(made->file), ZIP_CREATE | ZIP_TRUNCATE, &code);
        if (made->zip == NULL) {
            status = nmf_fail(error, NMF_ERROR_FILE,
                              "%s: cannot be written as an archive (libzip error %d)", path, code);
            nmfi_atomic_abort(made->file);
        }
    }
    if (status != NMF_OK) {
        free_writer(made);
        return status;
    }
    *writer = made;
    return NMF_OK;
}

static member *new_member(nmfi_npz_writer *writer)
{
    member *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->next = writer->members;
        writer->members = made;
    }
    return made;
}

/* Hands the member's content to libzip, which reads it when the archive is closed. */
static nmf_status add_source(nmfi_npz_writer *writer, zip_source_t *source, const char *name,
                             const char *extension, nmf_error *error)
{
    const size_t length = strlen(name), more = strlen(extension);
    char *full = malloc(length + more + 1);
    zip_int64_t index = -1;
    if (full != NULL && source != NULL) {
        memcpy(full, name, length);
        memcpy(full + length, extension, more + 1);
        index = zip_file_add(writer->zip, full, source, ZIP_FL_ENC_UTF_8);
    }
    free(full);
    if (index < 0) {
        zip_source_free(source);
        return out_of_memory(writer, error);
    }
    const int fixed =
        zip_set_file_compression(writer->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0 &&
        zip_file_set_dostime(writer->zip, (zip_uint64_t)index, 0, FIXED_DOS_DATE, 0) == 0;
    return fixed ? NMF_OK : out_of_memory(writer, error);
}

static nmf_status add_member(nmfi_npz_writer *writer, member *what, zip_uint64_t parts,
                             const char *name, const char *extension, nmf_error *error)
{
    return add_source(writer, zip_source_buffer_fragment(writer->zip, what->parts, parts, 0), name,
                      extension, error);
}

nmf_status nmfi_npz_add_array(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, int64_t rows, int64_t columns, const void *data,
                              nmf_error *error)
{
    member *made = new_member(writer);
    size_t bytes;
    if (made == NULL ||
        !nmfi_array_bytes(1, rows < 0 ? 1 : rows, columns < 0 ? 1 : columns, item_bytes, &bytes)) {
        return out_of_memory(writer, error);
    }
    nmfi_npy_format(kind, item_bytes, rows, columns, made->header);
    made->parts[0].data = (zip_uint8_t *)made->header;
    made->parts[0].length = sizeof made->header;
    made->parts[1].data = (zip_uint8_t *)(uintptr_t)data;
    made->parts[1].length = bytes;
    return add_member(writer, made, bytes > 0 ? 2 : 1, name, ".npy", error);
}

/* --- rows that are made ------------------------------------------------------------------------ */

static zip_int64_t fail_making(making *m, int zip_code)
{
    zip_error_set(&m->zip_error, zip_code, 0);
    return -1;
}

/* What some rows of a sparse matrix store. */
static int make_entries(making *m)
{
    nmf_matrix *block = NULL;
    int64_t count = 0;
    if (nmfi_row_block(m->matrix, m->next, &count, &block, &m->error) != NMF_OK) {
        return 0;
    }
    const nmf_sparse s = nmf_matrix_sparse(block);
    const size_t item = m->what == INDICES ? (size_t)s.index_bytes : nmf_dtype_bytes(s.dtype);
    const size_t bytes = (size_t)nmf_matrix_stored(block) * item;
    free(m->rows);
    m->rows = malloc(bytes + 1);
    if (m->rows != NULL && bytes > 0) {
        memcpy(m->rows, m->what == INDICES ? s.indices : s.values, bytes);
    }
    nmf_matrix_free(block);
    m->next += count;
    m->begin = 0;
    m->end = bytes;
    return m->rows != NULL || nmf_fail(&m->error, NMF_ERROR_MEMORY, "out of memory") == NMF_OK;
}

static int make_more(making *m)
{
    if (m->what != DENSE_ROWS) {
        return make_entries(m);
    }
    const int64_t left = nmf_matrix_rows(m->matrix) - m->next;
    const int64_t count = left < m->most ? left : m->most;
    const nmf_status status = nmf_matrix_copy_rows(
        m->matrix, m->next, count, nmf_matrix_dtype(m->matrix), m->rows, &m->error);
    m->next += count;
    m->begin = 0;
    m->end = (size_t)(count * m->row_bytes);
    return status == NMF_OK;
}

static zip_int64_t give_bytes(member *what, char *to, zip_uint64_t count)
{
    making *m = what->made;
    zip_uint64_t done = 0;
    while (done < count) {
        const char *from = what->header + (sizeof what->header - m->head_left);
        zip_uint64_t there = m->head_left;
        while (there == 0 && m->begin == m->end) { /* rows may store nothing */
            if (m->next == nmf_matrix_rows(m->matrix)) {
                return (zip_int64_t)done;
            }
            if (!make_more(m)) {
                return fail_making(m, ZIP_ER_READ);
            }
        }
        if (m->head_left == 0) {
            from = m->rows + m->begin;
            there = m->end - m->begin;
        }
        const zip_uint64_t some = there < count - done ? there : count - done;
        memcpy(to + done, from, (size_t)some);
        done += some;
        if (m->head_left > 0) {
            m->head_left -= some;
        } else {
            m->begin += (size_t)some;
        }
    }
    return (zip_int64_t)done;
}

static zip_int64_t tell_size(const member *what, void *data, zip_uint64_t length)
{
    const making *m = what->made;
    zip_stat_t stat;
    if (length < sizeof stat) {
        return fail_making(what->made, ZIP_ER_INVAL);
    }
    zip_stat_init(&stat);
    stat.valid = ZIP_STAT_SIZE;
    stat.size = sizeof what->header + (zip_uint64_t)m->bytes;
    memcpy(data, &stat, sizeof stat);
    return (zip_int64_t)sizeof stat;
}

/* A zip_source_callback: libzip may read the whole more than once. */
static zip_int64_t answer(void *context, void *data, zip_uint64_t length, zip_source_cmd_t command)
{
    member *what = context;
    making *m = what->made;
    switch (command) {
    case ZIP_SOURCE_OPEN:
        m->head_left = sizeof what->header;
        m->next = 0;
        m->begin = m->end = 0;
        return 0;
    case ZIP_SOURCE_READ: return give_bytes(what, data, length);
    case ZIP_SOURCE_STAT: return tell_size(what, data, length);
    case ZIP_SOURCE_ERROR: return zip_error_to_data(&m->zip_error, data, length);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE: return 0; /* it goes with the writer */
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
                                              ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
                                              -1);
    default: return fail_making(m, ZIP_ER_OPNOTSUPP);
    }
}

/* A member that is made as it is written, as `how` says; its header is the caller's. NULL without memory. */
static member *new_made(nmfi_npz_writer *writer, making how)
{
    member *what = new_member(writer);
    making *m = calloc(1, sizeof *m);
    if (what == NULL || m == NULL) {
        free(m);
        return NULL;
    }
    *m = how;
    zip_error_init(&m->zip_error);
    what->made = m;
    return what;
}

static nmf_status add_made(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                           nmf_error *error)
{
    const nmf_dtype dtype = nmf_matrix_dtype(matrix);
    const int64_t rows = nmf_matrix_rows(matrix), columns = nmf_matrix_columns(matrix);
    const int64_t item = (int64_t)nmf_dtype_bytes(dtype), row_bytes = columns * item;
    const int64_t most = row_bytes < SOME_BYTES ? SOME_BYTES / row_bytes : 1;
    const making how = {
        .matrix = matrix, .bytes = rows * row_bytes, .row_bytes = row_bytes, .most = most};
    member *what = new_made(writer, how);
    if (what != NULL) {
        what->made->rows = malloc((size_t)((most < rows ? most : rows) * row_bytes));
    }
    if (what == NULL || what->made->rows == NULL) {
        return out_of_memory(writer, error);
    }
    nmfi_npy_format(nmfi_npy_kind(dtype), item, rows, columns, what->header);
    return add_source(writer, zip_source_function(writer->zip, answer, what), name, ".npy", error);
}

nmf_status nmfi_npz_add_matrix(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                               nmf_error *error)
{
    const nmf_dense dense = nmf_matrix_dense(matrix);
    const int is_packed = dense.data != NULL && dense.column_stride == 1 &&
                          (dense.row_stride == dense.columns || dense.rows == 1);
    if (!is_packed && dense.rows > 0 && dense.columns > 0) {
        return add_made(writer, name, matrix, error);
    }
    return nmfi_npz_add_array(writer, name, nmfi_npy_kind(dense.dtype),
                              (int64_t)nmf_dtype_bytes(dense.dtype), dense.rows, dense.columns,
                              dense.data, error);
}

/* The indices or the values of a sparse matrix that does not lie in memory. */
static nmf_status add_entries(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, const nmf_matrix *matrix, int values,
                              nmf_error *error)
{
    const int64_t stored = nmf_matrix_stored(matrix);
    const making how = {
        .matrix = matrix, .what = values ? VALUES : INDICES, .bytes = stored * item_bytes};
    member *what = new_made(writer, how);
    if (what == NULL) {
        return out_of_memory(writer, error);
    }
    nmfi_npy_format(kind, item_bytes, stored, -1, what->header);
    return add_source(writer, zip_source_function(writer->zip, answer, what), name, ".npy", error);
}

/* Two numbers that live as long as the writer; NULL without memory. */
static const int64_t *keep_shape(nmfi_npz_writer *writer, int64_t rows, int64_t columns)
{
    member *holder = new_member(writer);
    int64_t *shape = malloc(2 * sizeof *shape);
    if (holder == NULL || shape == NULL) {
        free(shape);
        return NULL;
    }
    holder->owned = shape;
    shape[0] = rows;
    shape[1] = columns;
    return shape;
}

nmf_status nmfi_npz_add_sparse(nmfi_npz_writer *writer, const nmf_matrix *matrix, nmf_error *error)
{
    static const char *const formats[] = {"csr", "csc"};
    const nmf_sparse s = nmf_matrix_sparse(matrix);
    const int64_t pointers = (s.by_columns ? s.columns : s.rows) + 1;
    const int64_t stored = nmf_matrix_stored(matrix);
    const int64_t *shape = keep_shape(writer, s.rows, s.columns);
    if (shape == NULL) {
        return out_of_memory(writer, error);
    }
    const int on_disk = !nmf_matrix_is_in_memory(matrix) && stored > 0;
    const char kind = nmfi_npy_kind(s.dtype);
    const int64_t item = (int64_t)nmf_dtype_bytes(s.dtype);
    nmf_status status =
        on_disk ? add_entries(writer, "indices", 'i', s.index_bytes, matrix, 0, error)
                : nmfi_npz_add_array(writer, "indices", 'i', s.index_bytes, stored, -1, s.indices,
                                     error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "indptr", 'i', 8, pointers, -1, s.pointers, error);
    }
    if (status == NMF_OK) {
        status =
            nmfi_npz_add_array(writer, "format", 'S', 3, -1, -1, formats[s.by_columns != 0], error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "shape", 'i', sizeof *shape, 2, -1, shape, error);
    }
    if (status == NMF_OK) {
        status = on_disk
                     ? add_entries(writer, "data", kind, item, matrix, 1, error)
                     : nmfi_npz_add_array(writer, "data", kind, item, stored, -1, s.values, error);
    }
    return status;
}

nmf_status nmfi_npz_add_names(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                              nmf_names which, nmf_error *error)
{
    if (!nmf_matrix_has_names(matrix, which)) {
        return NMF_OK;
    }
    member *made = new_member(writer);
    if (made == NULL) {
        return out_of_memory(writer, error);
    }
    unsigned char *bytes;
    size_t count;
    const nmf_status status = nmfi_names_encode(matrix, which, &bytes, &count, error);
    if (status != NMF_OK) {
        return status;
    }
    made->owned = bytes;
    made->parts[0].data = bytes;
    made->parts[0].length = count;
    return add_member(writer, made, 1, name, ".npy", error);
}

nmf_status nmfi_npz_add_image_shape(nmfi_npz_writer *writer, const nmf_matrix *matrix,
                                    nmf_error *error)
{
    if (nmf_matrix_image_height(matrix) == 0) {
        return NMF_OK;
    }
    const int64_t *shape =
        keep_shape(writer, nmf_matrix_image_height(matrix), nmf_matrix_image_width(matrix));
    if (shape == NULL) {
        return out_of_memory(writer, error);
    }
    return nmfi_npz_add_array(writer, "image_shape", 'i', sizeof *shape, 2, -1, shape, error);
}

nmf_status nmfi_npz_add_text(nmfi_npz_writer *writer, const char *name, const char *text,
                             nmf_error *error)
{
    member *made = new_member(writer);
    char *copy = strdup(text);
    if (made == NULL || copy == NULL) {
        free(copy);
        return out_of_memory(writer, error);
    }
    made->owned = copy;
    made->parts[0].data = (zip_uint8_t *)copy;
    made->parts[0].length = strlen(copy);
    return add_member(writer, made, 1, name, "", error);
}

/* 1 if writing failed because a signal came in between. */
static int was_interrupted(zip_t *zip)
{
    const zip_error_t *error = zip_get_error(zip);
    return zip_error_system_type(error) == ZIP_ET_SYS && zip_error_code_system(error) == EINTR;
}

/* Why rows could not be made; NULL where that is not what failed. */
static const nmf_error *failed_making(const nmfi_npz_writer *writer)
{
    for (const member *at = writer->members; at != NULL; at = at->next) {
        if (at->made != NULL && at->made->error.status != NMF_OK) {
            return &at->made->error;
        }
    }
    return NULL;
}

nmf_status nmfi_npz_finish(nmfi_npz_writer *writer, nmf_status status, nmf_error *error)
{
    int closed = status == NMF_OK ? zip_close(writer->zip) : 0;
    for (int tries = 0; closed != 0 && tries < 1000 && was_interrupted(writer->zip); tries++) {
        closed = zip_close(writer->zip); /* a failed archive stays open, and is written anew */
    }
    if (closed != 0) {
        const nmf_error *reason = failed_making(writer);
        status = reason != NULL
                     ? nmf_fail(error, reason->status, "%s", reason->message)
                     : nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", writer->path,
                                zip_strerror(writer->zip));
        zip_discard(writer->zip);
    } else if (status != NMF_OK) {
        zip_discard(writer->zip);
    }
    if (status == NMF_OK) {
        status = nmfi_atomic_commit(writer->file, error);
    } else {
        nmfi_atomic_abort(writer->file);
    }
    free_writer(writer);
    return status;
}
