/* nmf_matrix_validate: what cannot be factorized, named with its place. Fits find bad data by a vector scan
 * and come here only to say where it is. */
#include "data/matrix.h"

#include <math.h>

nmf_status nmf_matrix_validate(const nmf_matrix *matrix, nmf_error *error)
{
    const nmf_dense *d = &matrix->dense;
    if (d->rows == 0 || d->columns == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)d->rows, (long long)d->columns);
    double largest = 0;
    for (int64_t i = 0; i < d->rows; i++)
        for (int64_t j = 0; j < d->columns; j++) {
            const double value = nmf_matrix_at(matrix, i, j);
            if (isfinite(value) && value >= 0) {
                largest = value > largest ? value : largest;
                continue;
            }
            const char *what = isfinite(value) ? ">= 0" : "finite numbers";
            return nmf_fail(error, NMF_ERROR_DATA, "X[%lld,%lld] = %g: entries must be %s", (long long)i,
                            (long long)j, isnan(value) ? NAN : value, what); /* "nan", never "-nan" */
        }
    if (largest == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is all zero: there is nothing to factorize");
    return NMF_OK;
}
