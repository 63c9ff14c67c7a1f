/* How an entry and a dense row are weighted: see weigher.h. Arithmetic in f64. */
#include "data/weigher.h"

#include "data/value.h"

#include <math.h>

#define COUNTS_PER_ROW 1e4

double nmfi_weigher_summand(const nmfi_weigher *w, int64_t column, double value)
{
    const double weighted = w->weighting == NMF_WEIGHTING_TFIDF ? value * w->idf[column] : 0.0;
    return w->weighting == NMF_WEIGHTING_TFIDF ? weighted * weighted : value;
}

void nmfi_weigher_finish_sums(const nmfi_weigher *w, int64_t rows)
{
    for (int64_t i = 0; i < rows; i++) {
        double *sum = &w->row_sums[i];
        *sum = w->weighting == NMF_WEIGHTING_TFIDF ? sqrt(*sum)
               : w->weighting == NMF_WEIGHTING_SUM ? *sum
                                                   : *sum / COUNTS_PER_ROW;
        *sum = *sum > 0.0 ? *sum : 1.0;
    }
}

double nmfi_weighted_entry(const nmfi_weigher *w, int64_t row, int64_t column, double value)
{
    switch (w->weighting) {
    case NMF_WEIGHTING_NONE:
    case NMF_WEIGHTING_RAW: break;
    case NMF_WEIGHTING_TFIDF: return value * w->idf[column] / w->row_sums[row];
    case NMF_WEIGHTING_LOG1P_CP10K: return log1p(value / w->row_sums[row]);
    case NMF_WEIGHTING_SQRT: return sqrt(value);
    case NMF_WEIGHTING_SUM: return value / w->row_sums[row];
    }
    return value;
}

void nmfi_weigh_row(const nmfi_weigher *w, const double *row, int64_t columns, int64_t first)
{
    w->row_sums[0] = 0;
    for (int64_t j = 0; j < columns; j++) w->row_sums[0] += nmfi_weigher_summand(w, j, row[j]);
    nmfi_weigher_finish_sums(w, 1);
    for (int64_t j = 0; j < columns; j++)
        nmfi_set_value(w->dtype, w->out, first + j, nmfi_weighted_entry(w, 0, j, row[j]));
}
