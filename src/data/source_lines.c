/* The source of compressed rows that a function reads (nmf_reader.read_entries). What it gives is checked
 * each time: kernels go where indices say. */
#include "data/source.h"

#include "data/sparse.h"

nmfi_source nmfi_source_read_lines(const nmf_reader *reader)
{
    const nmf_sparse lines = {.dtype = reader->dtype,
                              .rows = reader->rows,
                              .columns = reader->columns,
                              .pointers = reader->pointers,
                              .index_bytes = reader->index_bytes};
    const nmfi_source source = {.rows = reader->rows,
                                .columns = reader->columns,
                                .stored = reader->pointers[reader->rows],
                                .dtype = reader->dtype,
                                .is_sparse = 1,
                                .sparse = lines,
                                .ascends = 1,
                                .reader = reader};
    return source;
}

nmfi_source nmfi_source_as_lines(const nmfi_source *source)
{
    nmfi_source lines = *source;
    lines.in_memory = 0;
    lines.can_transpose = 0;
    return lines;
}

nmf_status nmfi_lines_readable(const nmfi_source *source, nmf_error *error)
{
    if (!source->is_sparse || source->in_memory || !source->sparse.by_columns) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "a sparse X that is not in memory, or is fitted incrementally, is read by its rows; here "
                    "these are features");
}

static nmf_status check_lines(const nmfi_source *source, int64_t first, int64_t count,
                              const nmfi_line_buffer *buffer, nmf_error *error)
{
    nmfi_sparse_order order;
    nmf_sparse some = source->sparse;
    some.rows = count;
    some.pointers = buffer->pointers;
    some.indices = buffer->indices;
    some.values = buffer->values;
    nmf_error said = {NMF_OK, ""};
    if (nmfi_sparse_check(&some, &order, &said) != NMF_OK)
        return nmf_fail(error, NMF_ERROR_DATA, "rows %lld to %lld of X: %s", (long long)first,
                        (long long)(first + count - 1), said.message);
    if (order.ascends) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_DATA,
                    "rows %lld to %lld of X: the columns of a row do not ascend", (long long)first,
                    (long long)(first + count - 1));
}

nmf_status nmfi_lines_read(const nmfi_source *source, int64_t first, int64_t count,
                           const nmfi_line_buffer *buffer, nmfi_lines *lines, nmf_error *error)
{
    const nmf_reader *reader = source->reader;
    const int64_t *pointers = source->sparse.pointers + first;
    const int64_t begin = pointers[0], stored = pointers[count] - begin;
    nmf_error said = {.status = NMF_OK};
    for (int64_t i = 0; i <= count; i++) buffer->pointers[i] = pointers[i] - begin;
    if (!reader) { /* they lie in memory, and were looked at */
        const nmf_sparse *s = &source->sparse;
        *lines = (nmfi_lines){buffer->pointers, (const char *)s->indices + begin * s->index_bytes,
                              (const char *)s->values + begin * (int64_t)nmf_dtype_bytes(s->dtype)};
        return NMF_OK;
    }
    const nmf_status status = stored > 0
                                  ? reader->read_entries(reader->context, begin, stored,
                                                         buffer->indices, buffer->values, &said)
                                  : NMF_OK;
    if (status != NMF_OK)
        return nmf_fail(error, status, said.message[0] ? "%s" : "entries of X could not be read%s",
                        said.message);
    *lines = (nmfi_lines){buffer->pointers, buffer->indices, buffer->values};
    return check_lines(source, first, count, buffer, error);
}
