/* nmf_matrix_top: the largest entries of a row, kept in order while the row is looked at once. */
#include <nmfkit/matrix.h>

#include <math.h>
#include <stdlib.h>

/* Puts an entry into its place among the `found` largest; the last one falls out where they are
 * full. */
static void insert(double entry, int64_t column, int64_t count, int64_t *columns, double *entries,
                   int64_t *found)
{
    int64_t at = *found < count ? (*found)++ : count - 1;
    for (; at > 0 && fabs(entries[at - 1]) < fabs(entry); at--) {
        entries[at] = entries[at - 1];
        columns[at] = columns[at - 1];
    }
    entries[at] = entry;
    columns[at] = column;
}

nmf_status nmf_matrix_top(const nmf_matrix *matrix, int64_t row, int64_t count, int64_t *columns,
                          double *entries, int64_t *found, nmf_error *error)
{
    if (!matrix || !columns || !entries || !found)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the top of a row needs a matrix and places");
    *found = 0;
    if (count < 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "count = %lld: must be at least 1",
                        (long long)count);
    const int64_t width = nmf_matrix_columns(matrix);
    double *all = calloc((size_t)width + 1, sizeof *all);
    nmf_status status =
        all ? nmf_matrix_copy_rows(matrix, row, 1, NMF_F64, all, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)width);
    for (int64_t j = 0; status == NMF_OK && j < width; j++)
        if (all[j] != 0 && (*found < count || fabs(all[j]) > fabs(entries[count - 1])))
            insert(all[j], j, count, columns, entries, found);
    free(all);
    return status;
}
