/* Curves: spectra, and whatever else runs along an axis. The features' names are numbers that only
 * rise or only fall, or there are no names and neighbouring entries are alike.
 *
 * Alike: over all components, the squared steps between neighbours sum to less than six tenths of what
 * they would for the same entries in random order, which is twice their variance. */
#include "kind.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_POINTS 48 /* fewer are not told from chance */
#define MOST_STEP 0.6

static int number_of(const char *name, double *value)
{
    char *end = NULL;
    *value = strtod(name, &end);
    return end != name && *end == '\0' && isfinite(*value);
}

static int names_run_along_an_axis(const nmf_matrix *H)
{
    const int64_t count = nmf_matrix_columns(H);
    double before = 0.0, first = 0.0, second = 0.0;
    if (count < 3 || !number_of(nmf_matrix_name(H, NMF_FEATURE_NAMES, 0), &first) ||
        !number_of(nmf_matrix_name(H, NMF_FEATURE_NAMES, 1), &second) || first == second) {
        return 0;
    }
    before = second;
    for (int64_t j = 2; j < count; j++) {
        double value;
        if (!number_of(nmf_matrix_name(H, NMF_FEATURE_NAMES, j), &value) || value == before ||
            (value > before) != (second > first)) {
            return 0;
        }
        before = value;
    }
    return 1;
}

static int neighbours_are_alike(const nmf_matrix *H)
{
    const int64_t count = nmf_matrix_columns(H), k = nmf_matrix_rows(H);
    double steps = 0.0, spread = 0.0;
    for (int64_t c = 0; c < k; c++) {
        double sum = 0.0, squares = 0.0, moved = 0.0, before = 0.0;
        for (int64_t j = 0; j < count; j++) {
            const double entry = nmf_matrix_at(H, c, j);
            moved += j > 0 ? (entry - before) * (entry - before) : 0.0;
            sum += entry;
            squares += entry * entry;
            before = entry;
        }
        const double variance = squares / (double)count - pow(sum / (double)count, 2.0);
        if (variance > 0.0) { /* each component counts alike */
            steps += moved / (double)(count - 1) / variance;
            spread += 2.0;
        }
    }
    return spread > 0.0 && steps < MOST_STEP * spread;
}

static int recognise(const nmf_matrix *H)
{
    if (nmf_matrix_has_names(H, NMF_FEATURE_NAMES)) {
        return names_run_along_an_axis(H);
    }
    return nmf_matrix_columns(H) >= LEAST_POINTS && neighbours_are_alike(H);
}

const nmfi_kind nmfi_kind_curves = {
    .name = "curves",
    .parts = {"spectra", "谱"},
    .features = {"points", "点"},
    .mark = NMFI_MARK_LINE,
    .relevance = -1.0,
    .recognise = recognise,
};
