/* What of X is in a report: some of its rows, what it is like, and PCA beside NMF. */
#include <math.h>
#include <nmfkit/nmfkit.h>

#include "pack.h"
#include "report_writing.h"

#define ORIGINALS_BYTES 420000

/* The row of X in the page's place: of what was observed the mean over the features that are put
 * together; NaN where nothing was. */
static nmf_status copy_original(const void *context, int64_t row, double *out, nmf_error *error)
{
    const nmfi_writing *w = context;
    const nmfi_figures *f = w->f;
    const nmf_status status =
        nmfi_figures_rows(f, f->index[w->originals[row]], 1, w->row, w->weights, error);
    if (status != NMF_OK) {
        return status;
    }
    nmfi_reduction_apply(&w->reduction, w->row, out);
    if (!f->is_partial) {
        return NMF_OK;
    }
    for (int64_t j = 0; j < f->n; j++) {
        w->weights[j] = w->weights[j] > 0.0;
    }
    nmfi_reduction_apply(&w->reduction, w->weights, w->parts);
    for (int64_t i = 0; i < w->reduction.to; i++) {
        out[i] = w->parts[i] > 0.0 ? out[i] / w->parts[i] : (double)NAN;
    }
    return NMF_OK;
}

static int take_original(nmfi_writing *w, int64_t place, int64_t *bytes)
{
    const nmfi_figures *f = w->f;
    for (int64_t i = 0; i < w->original_count; i++) {
        if (w->originals[i] == place) {
            return 1;
        }
    }
    if (w->original_count == NMFI_MOST_ORIGINALS ||
        nmfi_figures_rows(f, f->index[place], 1, w->row, w->weights, NULL) != NMF_OK) {
        return 0;
    }
    int64_t filled = 0; /* before the reduction, of which this is a bound for terms */
    for (int64_t j = 0; j < f->n; j++) {
        filled += w->row[j] != 0.0;
    }
    const int64_t value = nmf_matrix_dtype(f->X) == NMF_U8 ? 1 : 2;
    const int64_t sparse = filled * (value + 2), dense = w->reduction.to * value;
    *bytes += (sparse < dense ? sparse : dense) + (f->is_partial ? w->reduction.to / 8 + 1 : 0);
    if (*bytes > ORIGINALS_BYTES && w->original_count > 0) {
        return 0;
    }
    w->originals[w->original_count++] = place;
    return 1;
}

static int64_t place_of(const nmfi_figures *f, int64_t sample)
{
    int64_t place = 0;
    while (f->index[place] != sample) {
        place++;
    }
    return place;
}

/* The best sample of each component, then the next best ones, then samples evenly spread. */
static void choose_originals(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    int64_t bytes = 0;
    int goes_on = 1;
    for (int64_t b = 0; b < 3 && goes_on; b++) {
        for (int64_t c = 0; c < f->k && goes_on; c++) {
            const int64_t sample = f->best[c * NMFI_BEST_SAMPLES + b];
            goes_on = sample < 0 || take_original(w, place_of(f, sample), &bytes);
        }
    }
    const int64_t step = f->drawn / 64 > 0 ? f->drawn / 64 : 1;
    for (int64_t first = 0; first < step && goes_on; first++) {
        for (int64_t i = first; i < f->drawn && goes_on; i += step) {
            goes_on = take_original(w, i, &bytes);
        }
    }
}

nmf_status nmfi_json_originals(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    if (!f->has_X) {
        return NMF_OK;
    }
    choose_originals(w);
    const nmfi_packed_rows rows = {w->original_count, w->reduction.to, copy_original, w};
    nmfi_open_object(w, "data");
    nmfi_put_flag(w, "same", f->is_same_X);
    nmfi_put_flag(w, "sparse", nmf_matrix_is_sparse(f->X));
    nmfi_put_text(w, "type", nmf_dtype_name(nmf_matrix_dtype(f->X)));
    nmfi_put_whole(w, "stored", nmf_matrix_stored(f->X));
    if (isfinite(f->deviance)) {
        nmfi_put_number(w, "deviance", f->deviance);
    }
    if (f->is_partial) {
        nmfi_put_number(w, "observed", f->observed / ((double)f->m * (double)f->n));
        nmfi_put_flag(w, "weighted", f->has_weights);
    }
    nmfi_put_wholes(w, "of", w->originals, w->original_count);
    nmfi_put_key(w, "X");
    const nmf_status status = nmfi_pack_rows(&rows, w->out, w->error);
    nmfi_close_object(w);
    if (f->has_pca) {
        nmfi_open_object(w, "pca");
        nmfi_put_number(w, "explained_variance", f->pca_explained);
        nmfi_put_number(w, "relative_error", f->pca_error);
        nmfi_close_object(w);
    }
    return status;
}
