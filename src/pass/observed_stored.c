/* What the means leave of the entries that a sparse X stores (observed.h). Rows' numbers come from the lines of
 * the rows that are here, columns' from the lines along the columns; either way each sum is in the order of the
 * entries' rows or columns. */
#include "data/sparse.h"
#include "data/value.h"
#include "pass/exchange.h"
#include "pass/observed.h"

#include <stdlib.h>

typedef struct means {
    nmfi_partition rows, columns; /* that are here */
    double *row_sums, *row_counts, *row_squares;
    double *column_sums, *column_counts; /* of all */
    double total[2];
} means;

/* Lines along either side; NULL: that side's are not wanted. */
static void add_entries(const nmf_sparse *s, double *row_sums, double *row_counts,
                        double *column_sums, double *column_counts)
{
    for (int64_t line = 0; line < nmfi_sparse_lines(s); line++)
        for (int64_t e = s->pointers[line]; e < s->pointers[line + 1]; e++) {
            const double x = nmfi_value(s->dtype, s->values, e);
            const int64_t index = nmfi_sparse_index(s, e);
            const int64_t i = s->by_columns ? index : line, j = s->by_columns ? line : index;
            if (row_sums) row_sums[i] += x, row_counts[i] += 1;
            if (column_sums) column_sums[j] += x, column_counts[j] += 1;
        }
}

static void add_all_entries(const nmfi_source *source, means *of)
{
    if (!source->comm) {
        add_entries(&source->sparse, of->row_sums, of->row_counts, of->column_sums,
                    of->column_counts);
        return;
    }
    const int64_t first = of->columns.first_row;
    add_entries(&source->sparse, of->row_sums, of->row_counts, NULL, NULL);
    add_entries(&source->across, NULL, NULL, of->column_sums + first, of->column_counts + first);
    nmfi_rows_share(&of->columns, of->column_sums, sizeof *of->column_sums);
    nmfi_rows_share(&of->columns, of->column_counts, sizeof *of->column_counts);
}

static void sums_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                         double *sums)
{
    const means *of = context;
    const double *const arrays[] = {of->row_sums, of->row_counts, of->row_squares};
    for (int64_t a = 0; a < count; a++) {
        sums[a] = 0;
        for (int64_t i = nmfi_partition_first_row(&of->rows, slot);
             i < nmfi_partition_first_row(&of->rows, slot + 1); i++)
            sums[a] += arrays[first + a][i];
    }
}

static void find_squares(const nmf_sparse *s, const means *of)
{
    const double sum = of->total[0], count = of->total[1];
    for (int64_t line = 0; line < nmfi_sparse_lines(s); line++)
        for (int64_t e = s->pointers[line]; e < s->pointers[line + 1]; e++) {
            const int64_t index = nmfi_sparse_index(s, e);
            const int64_t i = s->by_columns ? index : line, j = s->by_columns ? line : index;
            const double mean = of->row_sums[i] / of->row_counts[i] *
                                (of->column_sums[j] / of->column_counts[j]) * count / sum;
            const double off = nmfi_value(s->dtype, s->values, e) - (sum > 0 ? mean : 0);
            of->row_squares[i] += off * off;
        }
}

nmf_status nmfi_stored_left_by_means(const nmfi_source *source, double *squares, nmf_error *error)
{
    const int64_t m = source->rows, n = source->columns;
    means of = {.rows = nmfi_partition_spread(nmfi_source_all_rows(source), source->comm),
                .columns = nmfi_partition_spread(n, source->comm)};
    double *const numbers = calloc((size_t)(3 * m + 2 * n + 1), sizeof *numbers);
    nmf_status status = numbers ? NMF_OK
                                : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld means",
                                           (long long)(m + n));
    status = nmfi_comm_status(source->comm, status, error);
    if (status == NMF_OK) {
        double sums[3];
        of.row_sums = numbers;
        of.row_counts = of.row_sums + m;
        of.row_squares = of.row_counts + m;
        of.column_sums = of.row_squares + m;
        of.column_counts = of.column_sums + n;
        add_all_entries(source, &of);
        nmfi_slots_add_up(&of.rows, sums_of_slot, &of, 2, of.total);
        find_squares(&source->sparse, &of);
        nmfi_slots_add_up(&of.rows, sums_of_slot, &of, 3, sums);
        *squares = sums[2];
    }
    free(numbers);
    return status;
}
