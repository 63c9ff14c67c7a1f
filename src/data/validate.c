/* What cannot be factorized, named with its place. Fits find bad data by a vector scan and come
 * here only to say where it is. */
#include "data/matrix.h"

#include <math.h>

nmf_status nmfi_matrix_check_entries(const nmf_matrix *matrix, int signed_ok, nmf_error *error)
{
    for (int64_t i = 0; i < matrix->dense.rows; i++)
        for (int64_t j = 0; j < matrix->dense.columns; j++) {
            const double value = nmf_matrix_at(matrix, i, j);
            if (isfinite(value) && (signed_ok || value >= 0)) continue;
            return nmf_fail(error, NMF_ERROR_DATA, "X[%lld,%lld] = %g: entries must be %s",
                            (long long)i, (long long)j,
                            isnan(value) ? NAN : value, /* "nan", never "-nan" */
                            isfinite(value) ? ">= 0" : "finite numbers");
        }
    return NMF_OK;
}

static int all_zero(const nmf_matrix *matrix)
{
    for (int64_t i = 0; i < matrix->dense.rows; i++)
        for (int64_t j = 0; j < matrix->dense.columns; j++)
            if (nmf_matrix_at(matrix, i, j) != 0) return 0;
    return 1;
}

nmf_status nmf_matrix_validate(const nmf_matrix *matrix, nmf_error *error)
{
    const nmf_dense *d = &matrix->dense;
    if (d->rows == 0 || d->columns == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)d->rows, (long long)d->columns);
    const nmf_status status = nmfi_matrix_check_entries(matrix, 0, error);
    if (status != NMF_OK || !all_zero(matrix)) return status;
    return nmf_fail(error, NMF_ERROR_DATA, "X is all zero: there is nothing to factorize");
}
