/* Known classes of the samples beside their main components: normalized mutual information and the
 * adjusted Rand index (Hubert & Arabie 1985), both from the contingency table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

static const char *label_of(const nmfi_figures *f, int64_t sample)
{
    if (f->asked->labels != NULL) {
        return f->asked->labels[sample];
    }
    const nmf_matrix *from = f->asked->X != NULL && nmf_matrix_has_names(f->asked->X, NMF_LABELS)
                                 ? f->asked->X
                                 : f->content->W;
    return nmf_matrix_name(from, NMF_LABELS, sample);
}

/* Numbers by their value and before everything else, so that 10 comes after 9. */
static int by_name(const void *first, const void *second)
{
    const char *a = *(const char *const *)first, *b = *(const char *const *)second;
    char *end_a = NULL, *end_b = NULL;
    const double x = strtod(a, &end_a), y = strtod(b, &end_b);
    const int a_is_number = end_a != a && *end_a == '\0' && isfinite(x);
    const int b_is_number = end_b != b && *end_b == '\0' && isfinite(y);
    if (a_is_number && b_is_number && x != y) {
        return x < y ? -1 : 1;
    }
    return a_is_number != b_is_number ? (a_is_number ? -1 : 1) : strcmp(a, b);
}

static void number_labels(const nmfi_figures *f, nmfi_labels *labels)
{
    for (int64_t i = 0; i < f->m; i++) {
        labels->names[i] = label_of(f, i);
    }
    qsort(labels->names, (size_t)f->m, sizeof *labels->names, by_name);
    for (int64_t i = 0; i < f->m; i++) {
        if (i == 0 || strcmp(labels->names[i], labels->names[labels->count - 1]) != 0) {
            labels->names[labels->count++] = labels->names[i];
        }
    }
    for (int64_t i = 0; i < f->m; i++) {
        const char *label = label_of(f, i);
        const char *const *found =
            bsearch(&label, labels->names, (size_t)labels->count, sizeof *labels->names, by_name);
        labels->of_sample[i] = found - labels->names;
        labels->sizes[labels->of_sample[i]]++;
    }
}

static double entropy_term(double count, double total)
{
    return count > 0.0 ? -count / total * log(count / total) : 0.0;
}

static double pairs(double count)
{
    return count * (count - 1.0) / 2.0;
}

/* table: count x (k + 1), the last column for samples without a component. */
static void agree(const nmfi_figures *f, const int64_t *table, nmfi_labels *labels)
{
    const int64_t columns = f->k + 1;
    const double m = (double)f->m;
    double of_labels = 0.0, of_groups = 0.0, of_both = 0.0;
    double pairs_labels = 0.0, pairs_groups = 0.0, pairs_both = 0.0;
    for (int64_t l = 0; l < labels->count; l++) {
        of_labels += entropy_term((double)labels->sizes[l], m);
        pairs_labels += pairs((double)labels->sizes[l]);
    }
    for (int64_t c = 0; c < columns; c++) {
        int64_t size = 0;
        for (int64_t l = 0; l < labels->count; l++) {
            const double cell = (double)table[l * columns + c];
            size += table[l * columns + c];
            of_both += entropy_term(cell, m);
            pairs_both += pairs(cell);
        }
        of_groups += entropy_term((double)size, m);
        pairs_groups += pairs((double)size);
    }
    const double mean_entropy = (of_labels + of_groups) / 2.0;
    labels->nmi =
        mean_entropy > 0.0 ? fmax(of_labels + of_groups - of_both, 0.0) / mean_entropy : 1.0;
    const double expected = f->m > 1 ? pairs_labels * pairs_groups / pairs(m) : 0.0;
    const double largest = (pairs_labels + pairs_groups) / 2.0;
    labels->ari = largest > expected ? (pairs_both - expected) / (largest - expected) : 1.0;
}

nmf_status nmfi_labels_count(nmfi_figures *f, const int64_t *main, nmf_error *error)
{
    nmfi_labels *labels = &f->labels;
    if (label_of(f, 0) == NULL) {
        return NMF_OK;
    }
    labels->names = calloc((size_t)f->m + 1, sizeof *labels->names);
    labels->of_sample = calloc((size_t)f->m + 1, sizeof *labels->of_sample);
    labels->sizes = calloc((size_t)f->m + 1, sizeof *labels->sizes);
    if (labels->names == NULL || labels->of_sample == NULL || labels->sizes == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld labels", (long long)f->m);
    }
    number_labels(f, labels);
    int64_t *table = calloc((size_t)(labels->count * (f->k + 1)), sizeof *table);
    if (table == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld labels",
                        (long long)labels->count);
    }
    for (int64_t i = 0; i < f->m; i++) {
        table[labels->of_sample[i] * (f->k + 1) + (main[i] < 0 ? f->k : main[i])]++;
    }
    agree(f, table, labels);
    free(table);
    return NMF_OK;
}

void nmfi_labels_clear(nmfi_labels *labels)
{
    free(labels->names);
    free(labels->of_sample);
    free(labels->sizes);
    free(labels->mean_shares);
}
