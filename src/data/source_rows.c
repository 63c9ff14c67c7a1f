/* The source of rows that a function of the caller's gives: they may lie on disk, or be made as they are
 * asked for. */
#include "data/source.h"

#include <string.h>

static int64_t buffer_bytes(const nmfi_source *source, int64_t rows)
{
    return rows * source->columns * (int64_t)nmf_dtype_bytes(source->dtype);
}

/* What the function says, with a sentence where it has none. */
static nmf_status failed(const nmf_error *said, nmf_status status, int64_t first, int64_t count,
                         nmf_error *error)
{
    if (said->message[0]) return nmf_fail(error, status, "%s", said->message);
    return nmf_fail(error, status, "rows %lld to %lld of X could not be read", (long long)first,
                    (long long)(first + count - 1));
}

static nmf_status read_rows(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                            nmfi_block *block, nmf_error *error)
{
    const nmf_reader *reader = source->reader;
    nmf_error said = {.status = NMF_OK};
    if (source->reads_across && !reader->read_across)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "X gives its rows one by one; its columns cannot be read instead");
    const nmf_status status = (source->reads_across ? reader->read_across : reader->read)(
        reader->context, first, count, buffer, &said);
    if (status != NMF_OK) return failed(&said, status, first, count, error);
    *block = (nmfi_block){.X = {buffer, source->columns, count, source->columns},
                          .dtype = source->dtype};
    return NMF_OK;
}

nmfi_source nmfi_source_rows(const nmf_reader *reader)
{
    const nmfi_source source = {.rows = reader->rows,
                                .columns = reader->columns,
                                .stored = reader->rows * reader->columns,
                                .dtype = reader->dtype,
                                .buffer_bytes = buffer_bytes,
                                .read = read_rows,
                                .reader = reader};
    return source;
}

/* Rows gathered from pieces of columns, each of which is to be worth a reading of its own. */
nmfi_source nmfi_source_rows_across(const nmfi_source *source)
{
    enum { PIECE = 4096 };
    nmfi_source across = *source;
    across.rows = source->columns;
    across.columns = source->rows;
    across.reads_across = !source->reads_across;
    across.by_columns = across.reads_across;
    across.least_rows = across.reads_across ? PIECE : 0;
    across.is_transposed = !source->is_transposed;
    return across;
}
