/* Pictures of data and of what was learned. Library libnmfkit-io (cairo + pango). */
#ifndef NMFKIT_RENDER_H
#define NMFKIT_RENDER_H

#include <nmfkit/matrix.h>
#include <nmfkit/model.h>
#include <nmfkit/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How values become colours: symmetric (vmax = max(max, -min), vmin = -vmax, for each picture),
 * minmax (each picture's own range), zero (0 to the picture's maximum). */
typedef enum nmf_render_scale {
    NMF_RENDER_SYMMETRIC = 0,
    NMF_RENDER_MINMAX = 1,
    NMF_RENDER_ZERO = 2
} nmf_render_scale;
#define NMF_RENDER_SCALE_NAMES "symmetric", "minmax", "zero"

typedef enum nmf_render_colormap {
    NMF_RENDER_GRAY = 0,
    NMF_RENDER_VIRIDIS = 1,
    NMF_RENDER_MAGMA = 2,
    NMF_RENDER_CIVIDIS = 3,
    NMF_RENDER_DIVERGING = 4
} nmf_render_colormap;
#define NMF_RENDER_COLORMAP_NAMES "gray", "viridis", "magma", "cividis", "diverging"

/* One gallery: a titled grid of pictures, the rows of `pictures` from row `first` on, which must
 * have an image shape; the grid is filled row by row. captions (rows * columns strings, or NULL; a
 * string may be NULL too) stand under the pictures. NaN entries are drawn as a hatch, infinities as
 * the scale's ends. */
typedef struct nmf_render_gallery {
    const nmf_matrix *pictures;
    int64_t first;
    int64_t grid_rows, grid_columns;
    const char *title; /* UTF-8 or NULL */
    const char *const *captions;
    nmf_render_scale scale;
    nmf_render_colormap colormap;
    int64_t pixel_size;            /* screen pixels for one picture pixel; 0 chooses */
    const char *const *row_labels; /* grid_rows strings, drawn left of the rows, or NULL */
} nmf_render_gallery;

/* Draws the galleries side by side (`across` in a row; 0: all) into one .png, .svg or .pdf, by the
 * extension of `path`; written to a temporary name, synced, renamed. PNG and PDF files of the same
 * pictures are the same bytes whenever they are drawn. If a text has bytes that are not UTF-8 or
 * characters that no installed font draws, a '?' stands for each, the call succeeds and `warning`
 * (NULL is fine) gets a sentence, else "". Errors: ARGUMENT (empty grid, unknown scale or
 * colormap), SHAPE (no image shape, fewer rows than wanted, or a drawing beyond 32767 screen pixels
 * a side or 2^28 in all), FILE, UNSUPPORTED (another extension), MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render(const nmf_render_gallery *galleries, int64_t count,
                                             int64_t across, const char *title, const char *path,
                                             nmf_error *warning, nmf_error *error);

/* Rows of a matrix as panels of bars: their `count` entries of largest size (at most 1000), longest
 * first, labelled with the names of the features, or their numbers; negative ones in another
 * colour. captions (one for each row, or NULL: the rows' numbers) stand above the panels. */
typedef struct nmf_render_bars {
    const nmf_matrix *matrix;
    int64_t grid_rows,
        grid_columns; /* filled row by row from the matrix's first row on, the last line in part */
    int64_t count;
    const char *const *captions;
} nmf_render_bars;

/* Draws them, with a title (NULL: none), into a .png, .svg or .pdf; written, and `warning` set, as
 * nmf_render does. Errors: ARGUMENT, SHAPE (a grid with empty lines, a drawing too large), FILE,
 * UNSUPPORTED, MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_draw_bars(const nmf_render_bars *bars,
                                                       const char *title, const char *path,
                                                       nmf_error *warning, nmf_error *error);

/* Draws the rows of bars->matrix as the kind of data they are (docs/report.md): curves along their axis, the
 * 96 channels of mutational signatures in the field's order and colours, else the bars that
 * nmf_render_draw_bars draws. kind ("curves") says what they are, NULL: it is seen from them. A grid of
 * 0 x 0 is chosen; bars->count is of bars alone. Errors: as nmf_render_draw_bars, and ARGUMENT (an unknown
 * kind, or one that the rows are not; pictures, which are nmf_render's). Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_components(const nmf_render_bars *bars,
                                                        const char *kind, const char *title,
                                                        const char *path, nmf_error *warning,
                                                        nmf_error *error);

/* Draws the answer of nmf_rank: the held-out error over k with one standard error of its difference from the
 * best, those that cannot be told from it filled; below it the worst silhouette, with the line above which
 * components return. Into a .png, .svg or .pdf; `title` may be NULL. Errors: ARGUMENT, FILE, UNSUPPORTED,
 * MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_rank(const nmf_rank_result *result, const char *title,
                                                  const char *path, nmf_error *error);
/* What a report shows beside the model; zero everywhere (NMF_RENDER_REPORT_INIT) is fine. */
typedef struct nmf_render_report_options {
    size_t struct_bytes;
    /* The samples that the model was fitted to, or NULL: weighed here as the fit weighed them
     * (nmf_model_content.weighting). Without them the page has no originals, no residuals and no
     * PCA. What was not observed of them (nmf_matrix_set_missing, _set_weights) is drawn as a hole, and
     * errors are over the rest, by its weights; PCA is then left out. Names and labels come from here,
     * else from the model. */
    const nmf_matrix *X;
    const char *const
        *labels;           /* known classes, a string for each sample; NULL: X's or the model's */
    const char *title;     /* what the data is called; NULL: "data" */
    const char *command;   /* the command line that fitted the model; NULL: made from its options */
    const char *rank_json; /* what `nmf rank --json` wrote, or NULL */
    const char *language;  /* "en" (NULL) or "zh": in which the page opens */
    const char *kind;      /* "pictures", "signatures", "curves", "words", "features"; NULL: seen
                                * from H */
    int64_t most_samples;  /* of a larger model so many are drawn at random; 0: 1000 */
    int64_t created_seconds; /* since 1970, UTC, for the page's date; 0: no date */
} nmf_render_report_options;

static inline nmf_render_report_options nmf_render_report_init(void)
{
    const nmf_render_report_options defaults = {
        sizeof(nmf_render_report_options), NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0};
    return defaults;
}
#define NMF_RENDER_REPORT_INIT nmf_render_report_init()

/* One HTML page about an NMF model, complete in itself: what was learned, how far to trust it, where
 * it came from. Its numbers stand in it as JSON (the element nmf-report); names are text there,
 * whatever they are. At most about 2 MB: what is left out of a large model is said on the page. The
 * same model and options give the same bytes. options NULL: the defaults. Cost: a few passes over
 * the samples shown, and PCA of X where that takes less than a second. Errors: ARGUMENT (unknown
 * language or kind, a kind that H is not), SHAPE (X is not what the model was fitted to), FORMAT
 * (rank_json), UNSUPPORTED (a model of PCA), FILE, MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_report(const nmf_model *model,
                                                    const nmf_render_report_options *options,
                                                    const char *path, nmf_error *error);

/* The same page as text, *bytes long and ended by a zero; free() it. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_report_html(const nmf_model *model,
                                                         const nmf_render_report_options *options,
                                                         char **html, size_t *bytes,
                                                         nmf_error *error);

/* Figures of a model for papers. curve: the loss and the KKT residual against the passes over the data;
 * shares: what each sample is made of (of more than 1000 samples a random choice), grouped by labels;
 * similarity: the cosines of the components. */
typedef enum nmf_render_figure {
    NMF_RENDER_CURVE = 0,
    NMF_RENDER_SHARES = 1,
    NMF_RENDER_SIMILARITY = 2
} nmf_render_figure;

/* Draws one into a .png, .svg or .pdf; written, and `warning` set, as nmf_render does. labels: the
 * samples' classes, a string each, or NULL for the model's own. Errors: ARGUMENT, UNSUPPORTED (a
 * model of PCA, one without a trace, another extension), SHAPE (too large), FILE, MEMORY.
 * Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_render_plot(const nmf_model *model, nmf_render_figure figure,
                                                  const char *const *labels, const char *path,
                                                  nmf_error *warning, nmf_error *error);

#ifdef __cplusplus
}
#endif
#endif
