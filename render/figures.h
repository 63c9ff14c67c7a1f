/* What a report says in numbers: shares, likeness, samples, agreement, cautions. Counted once here;
 * the page computes nothing that it prints but what a slider changes. */
#ifndef NMFI_RENDER_FIGURES_H
#define NMFI_RENDER_FIGURES_H

#include <nmfkit/render.h>

#include "kind.h"

#define NMFI_BEST_SAMPLES 5

typedef struct nmfi_labels {
    int64_t count;       /* distinct labels, 0: there are none */
    const char **names;  /* in alphabetic order; the strings are borrowed */
    int64_t *of_sample;  /* each sample's number in names */
    int64_t *sizes;      /* samples of each label */
    double *mean_shares; /* count x k: the mean of its samples' shares */
    double nmi, ari;     /* of labels and main components */
} nmfi_labels;

typedef struct nmfi_figures {
    const nmf_model_content *content;
    const nmf_render_report_options *asked;
    const nmfi_kind *kind;
    int64_t m, n, k;

    /* of the components */
    double *H;       /* k x n */
    double *sizes;   /* k: what makes weights comparable: H's row norms, of divergences its sums */
    double *shares;  /* k: a component's part of the sum of all entries of W H */
    double *cosines; /* k x k, of H's rows */
    double *mean_share; /* k: the mean over all samples of the share in the sample */
    int64_t *members;   /* k: samples of which it is the main component */
    int64_t *best; /* k x NMFI_BEST_SAMPLES: samples with the largest weight; -1 behind the last */
    int64_t without; /* samples that have no component at all */

    /* of the samples that are shown: index[0 .. drawn) are all or a random choice, in order; the
     * others up to `shown` are the best ones of components that the choice left out */
    int64_t drawn, shown;
    int64_t *index;
    double *W;             /* shown x k */
    double *sample_error;  /* shown: ||x - v|| / ||x||, v = the row of W H; NaN where x is 0 */
    double *sample_cosine; /* shown: of x and v */

    /* of X, where it is given */
    const nmf_matrix *X;  /* weighed as the fit weighed it, or NULL */
    nmf_matrix *weighted; /* the copy that this took, or NULL */
    int has_X, is_same_X, is_integral;
    int is_partial,
        has_weights; /* not every entry was observed, or counts once; has weights of its own */
    double observed; /* then: how many entries were, over all of X */
    int64_t unseen_rows, unseen_columns; /* of which nothing was */
    int64_t empty_rows;                  /* of those shown: observed, but all 0 */
    double deviance; /* by degree of freedom; NaN where X is no counts or the loss is not kl */

    int has_pca;
    double pca_error;      /* ||X - PCA||_F / ||X||_F with as many components, the mean added */
    double pca_explained;  /* of the variance */
    double squares_of_X;   /* ||X||_F^2 over all of X */
    double relative_error; /* ||X - W H||_F / ||X||_F, for Frobenius fits, to stand beside PCA's */

    nmfi_labels labels;
} nmfi_figures;

/* Errors: as nmf_render_report. nmfi_figures_clear frees what was made, also after a failure. */
NMFI_FOR_PLUGINS nmf_status nmfi_figures_count(const nmf_model *model,
                                               const nmf_render_report_options *options,
                                               nmfi_figures *figures, nmf_error *error);
NMFI_FOR_PLUGINS void nmfi_figures_clear(nmfi_figures *figures);

/* report_labels.c: asked->labels, X's or the model's, and how they agree with `main` (m entries, -1: a
 * group of its own). The mean shares are left to the caller. */
nmf_status nmfi_labels_count(nmfi_figures *figures, const int64_t *main, nmf_error *error);
void nmfi_labels_clear(nmfi_labels *labels);

/* report_data.c: asked->X, judged as the fit judged it; and rows [first, first + count) of it as the fit
 * saw them: `x` their entries, 0 where they were not observed, `weights` how much each counts (count x n). */
nmf_status nmfi_figures_data(nmfi_figures *figures, nmf_error *error);
nmf_status nmfi_figures_rows(const nmfi_figures *figures, int64_t first, int64_t count, double *x,
                             double *weights, nmf_error *error);

/* report_samples.c: which samples are shown, their W, and what X says about them. */
nmf_status nmfi_samples_choose(nmfi_figures *figures, nmf_error *error);
nmf_status nmfi_samples_measure(nmfi_figures *figures, const nmf_model *model, nmf_error *error);

/* Name of a sample or feature, NULL where it has none. */
const char *nmfi_sample_name(const nmfi_figures *figures, int64_t sample);
const char *nmfi_feature_name(const nmfi_figures *figures, int64_t feature);

#endif
