/* The best one-to-one matching of rows and columns (linalg/assignment.h), the shorter side made the rows.
 * See <nmfkit/shares.h>. */
#include <nmfkit/shares.h>

#include "linalg/assignment.h"

#include <math.h>
#include <stdlib.h>

static nmf_status check(const double *gain, int64_t rows, int64_t columns, const int64_t *partner,
                        nmf_error *error)
{
    if (!gain || !partner || rows < 1 || columns < 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "matching needs gains of at least 1 x 1 and a place for partners, not %lld "
                        "x %lld",
                        (long long)rows, (long long)columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            if (!isfinite(gain[i * columns + j]))
                return nmf_fail(error, NMF_ERROR_ARGUMENT, "gain[%lld,%lld] = %g: must be finite",
                                (long long)i, (long long)j, gain[i * columns + j]);
    return NMF_OK;
}

/* gain' of a table that is taller than wide, so that its rows are the shorter side. */
static void turn(const double *gain, int64_t rows, int64_t columns, double *turned)
{
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) turned[j * rows + i] = gain[i * columns + j];
}

nmf_status nmf_best_matching(const double *gain, int64_t rows, int64_t columns, int64_t *partner,
                             nmf_error *error)
{
    nmf_status status = check(gain, rows, columns, partner, error);
    if (status != NMF_OK) return status;
    const int tall = rows > columns;
    const int64_t less = tall ? columns : rows, more = tall ? rows : columns;
    double *turned = tall ? calloc((size_t)rows, (size_t)columns * sizeof *turned) : NULL;
    int64_t *of_less = calloc((size_t)less, sizeof *of_less);
    void *work = malloc((size_t)nmfi_assignment_work_bytes(less, more));
    if (!of_less || !work || (tall && !turned)) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a matching of %lld x %lld",
                          (long long)rows, (long long)columns);
    } else if (tall) {
        turn(gain, rows, columns, turned);
        nmfi_assign(turned, less, more, of_less, work);
        for (int64_t i = 0; i < rows; i++) partner[i] = -1;
        for (int64_t j = 0; j < columns; j++) partner[of_less[j]] = j;
    } else {
        nmfi_assign(gain, less, more, partner, work);
    }
    free(work);
    free(of_less);
    free(turned);
    return status;
}
