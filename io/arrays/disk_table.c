/* See disk_table.h. */
#include "disk_table.h"

#include <stdlib.h>

#define PIECE_BYTES ((int64_t)1 << 18) /* converted at a time, where a row is no longer */

typedef struct disk_table {
    nmfi_disk_list values;
    nmf_dtype dtype;
    int64_t rows, columns;
    const char *path;
} disk_table;

static void release(void *context)
{
    disk_table *table = context;
    table->values.release(table->values.context);
    free(table);
}

/* What is done with some rows, as they are stored. */
typedef void rows_task(void *context, const nmfi_raw_array *raw, int64_t count);

static nmf_status for_rows(const disk_table *table, int64_t first, int64_t count, rows_task *task,
                           void *context, nmf_error *error)
{
    const nmfi_disk_list *values = &table->values;
    nmfi_raw_array raw = values->kind;
    const int64_t row = table->columns * raw.item_bytes;
    const int64_t fitting = row < PIECE_BYTES ? PIECE_BYTES / row : 1;
    const int64_t most = fitting < count ? fitting : count;
    unsigned char *piece = malloc((size_t)(most * row) + 1);
    nmf_status status = piece != NULL ? NMF_OK
                                      : nmf_fail(error, NMF_ERROR_MEMORY,
                                                 "%s: out of memory for a row", table->path);
    raw.data = piece;
    for (int64_t i = 0; i < count && status == NMF_OK; i += most) {
        const int64_t some = count - i < most ? count - i : most;
        status = values->read(values->context, (first + i) * table->columns, some * table->columns,
                              piece, error);
        if (status == NMF_OK) {
            task(context, &raw, some * table->columns);
        }
    }
    free(piece);
    return status;
}

typedef struct conversion {
    void *out;
    nmf_dtype dtype;
    int64_t done;
} conversion;

static void convert(void *context, const nmfi_raw_array *raw, int64_t count)
{
    conversion *to = context;
    for (int64_t i = 0; i < count; i++) {
        nmfi_store_value(to->out, to->dtype, to->done + i, nmfi_raw_value(raw, i));
    }
    to->done += count;
}

static nmf_status read_rows(void *context, int64_t first, int64_t count, void *out,
                            nmf_error *error)
{
    const disk_table *table = context;
    const nmfi_disk_list *values = &table->values;
    conversion to = {out, table->dtype, 0};
    return nmfi_raw_is_as_kept(&values->kind)
               ? values->read(values->context, first * table->columns, count * table->columns, out,
                              error)
               : for_rows(table, first, count, convert, &to, error);
}

typedef struct range {
    double lowest, highest;
} range;

static void widen(void *context, const nmfi_raw_array *raw, int64_t count)
{
    range *all = context;
    for (int64_t i = 0; i < count; i++) {
        const double value = nmfi_raw_value(raw, i);
        all->lowest = value < all->lowest ? value : all->lowest;
        all->highest = value > all->highest ? value : all->highest;
    }
}

static nmf_status choose_dtype(disk_table *table, nmf_error *error)
{
    const nmfi_raw_array *kind = &table->values.kind;
    range all = {0.0, 0.0};
    nmf_status status = NMF_OK;
    if (nmfi_raw_dtype_hangs_on_values(kind)) {
        status = for_rows(table, 0, table->rows, widen, &all, error);
    }
    table->dtype = nmfi_raw_dtype(kind, all.lowest, all.highest);
    return status;
}

nmf_status nmfi_disk_table_matrix(int64_t rows, int64_t columns, const nmfi_disk_list *values,
                                  const char *path, nmf_matrix **matrix, nmf_error *error)
{
    disk_table *table = calloc(1, sizeof *table);
    *matrix = NULL;
    if (table == NULL) {
        values->release(values->context);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    *table = (disk_table){.values = *values, .rows = rows, .columns = columns, .path = path};
    const nmf_status status = choose_dtype(table, error);
    table->path = "the table"; /* the caller's name may go */
    if (status != NMF_OK) {
        release(table);
        return status;
    }
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = table->dtype;
    reader.rows = rows;
    reader.columns = columns;
    reader.read = read_rows;
    reader.release = release;
    reader.context = table;
    return nmf_matrix_from_reader(&reader, matrix, error);
}
