/* Known classes of the samples beside their main components. */
#include <math.h>
#include <nmfkit/shares.h>
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
    int64_t *groups = calloc((size_t)f->m + 1, sizeof *groups);
    if (groups == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)f->m);
    }
    for (int64_t i = 0; i < f->m; i++) {
        groups[i] = main[i] < 0 ? f->k : main[i];
    }
    nmf_agreement agreement;
    const nmf_status status =
        nmf_agree(labels->of_sample, groups, f->m, labels->count, f->k + 1, &agreement, error);
    free(groups);
    if (status == NMF_OK) {
        labels->nmi = agreement.nmi;
        labels->ari = agreement.ari;
    }
    return status;
}

void nmfi_labels_clear(nmfi_labels *labels)
{
    free(labels->names);
    free(labels->of_sample);
    free(labels->sizes);
    free(labels->mean_shares);
}
