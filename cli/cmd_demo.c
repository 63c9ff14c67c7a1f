/* nmf demo: the experiment this project grew from. Six components of 400 faces by whitened PCA, by
 * NMF (nndsvda, tol 5e-3) and by NMF with the Kullback-Leibler loss, looked at side by side;
 * scikit-learn's face decomposition example is its best known form, and the order of the faces is
 * the one its users see (RandomState(0)). */
#include "data.h"
#include "demo_texts.h"
#include "draw.h"
#include "interrupt.h"
#include "learn.h"

#include <nmfkit/render.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FACE_SIDE 64
#define SHOWN 6 /* samples in the reconstruction gallery */
#define ORDER_SEED 0

typedef struct demo {
    const cli_args *args;
    const char *directory;
    int made_directory;
    const cli_demo_texts *texts;
    const char *description; /* of the data: "generated faces" */
    nmf_matrix *X;
    nmf_model *pca, *nmf, *kl;
    nmf_matrix *originals, *from_pca, *from_nmf,
        *from_kl; /* SHOWN samples, and what the models make of them */
} demo;

static void free_demo(demo *d)
{
    nmf_matrix_free(d->from_kl);
    nmf_matrix_free(d->from_nmf);
    nmf_matrix_free(d->from_pca);
    nmf_matrix_free(d->originals);
    nmf_model_free(d->kl);
    nmf_model_free(d->nmf);
    nmf_model_free(d->pca);
    nmf_matrix_free(d->X);
}

/* ---- the data ---- */

/* Faces are usually square: where the file does not say and the number of pixels is a square, they
 * are. */
static nmf_status guess_square(nmf_matrix *X, nmf_error *error)
{
    int64_t side = 1;
    while (side * side < nmf_matrix_columns(X)) side++;
    if (nmf_matrix_image_height(X) > 0 || side < 2 || side * side != nmf_matrix_columns(X))
        return NMF_OK;
    return nmf_matrix_set_image_shape(X, side, side, error);
}

static nmf_status read_pictures(demo *d, const char *path, nmf_error *error)
{
    cli_args reading = *d->args;
    if (reading.shuffle < 0) reading.shuffle = ORDER_SEED;
    if (d->args->data == NULL) reading.image_shape[0] = reading.image_shape[1] = FACE_SIDE;
    nmf_status status = cli_read_data(&reading, &path, 1, &d->X, error);
    if (status == NMF_OK) status = guess_square(d->X, error);
    return status == NMF_OK ? cli_check_shape(d->X, path, error) : status;
}

static nmf_status generate_faces(demo *d, nmf_error *error)
{
    nmf_matrix *faces = NULL;
    nmf_status status = nmf_io_generate_faces(0, &faces, error);
    if (status != NMF_OK) return status;
    const int64_t count = nmf_matrix_rows(faces);
    const int64_t seed = d->args->shuffle < 0 ? ORDER_SEED : d->args->shuffle;
    int64_t *const order = calloc((size_t)count, sizeof *order);
    if (order == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the order of the faces");
    } else {
        nmf_io_numpy_permutation((uint32_t)seed, count, order);
        status = nmf_matrix_select(faces, order, count, &d->X, error);
    }
    free(order);
    nmf_matrix_free(faces);
    return status;
}

static nmf_status choose_data(demo *d, nmf_error *error)
{
    char *cached = NULL;
    nmf_status status = NMF_OK;
    if (d->args->data != NULL) {
        d->description = d->texts->pictures;
        return read_pictures(d, d->args->data, error);
    }
    if (cli_olivetti_path(&cached, NULL) == NMF_OK && access(cached, R_OK) == 0) {
        d->description = d->texts->olivetti_faces;
        status = read_pictures(d, cached, error);
    } else {
        d->description = d->texts->generated_faces;
        cli_say(d->args, "%s", d->texts->no_photographs);
        status = generate_faces(d, error);
    }
    free(cached);
    return status;
}

/* ---- the fits ---- */

/* Ctrl-C ends a demo, unlike a fit: half an experiment is not worth keeping. */
static nmf_status check_interrupted(nmf_error *error)
{
    if (!cli_interrupted()) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_INTERRUPTED, "interrupted");
}

static nmf_status extract(demo *d, const char *what, const nmf_options *options, cli_learn_fn learn,
                          nmf_model **model, nmf_error *error)
{
    cli_say(d->args, d->texts->extracting, (long long)options->k, what);
    cli_say(d->args, "(%lld, %lld)", (long long)nmf_matrix_rows(d->X),
            (long long)nmf_matrix_columns(d->X));
    const nmf_status status = cli_learn_model(d->args, d->X, options, learn, model, error);
    if (status == NMF_OK) cli_say(d->args, d->texts->done, nmf_model_view(*model)->seconds);
    cli_interrupt_release();
    return status == NMF_OK ? check_interrupted(error) : status;
}

static nmf_status extract_all(demo *d, nmf_error *error)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = d->args->components;
    options.whiten = 1;
    nmf_status status = extract(d, d->texts->eigenfaces, &options, nmf_pca, &d->pca, error);
    options.init = NMF_INIT_NNDSVDA;
    options.tol = 5e-3;
    if (status == NMF_OK)
        status = extract(d, d->texts->components, &options, nmf_fit, &d->nmf, error);
    options.loss = NMF_LOSS_KL;
    options.tol = nmf_options_init().tol;
    if (status == NMF_OK)
        status = extract(d, d->texts->components_kl, &options, nmf_fit, &d->kl, error);
    return status;
}

/* ||X - X'|| / ||X|| for the X' that a model makes of its own W: one measure for every row of the
 * table, whatever loss the model was fitted with. */
static nmf_status measure(const nmf_matrix *X, const nmf_model *model, double *relative,
                          nmf_error *error)
{
    nmf_matrix *made = NULL;
    const int64_t n = nmf_matrix_columns(X);
    double *const rows = calloc((size_t)n, 2 * sizeof *rows);
    double squares = 0, rest = 0;
    nmf_status status = rows != NULL ? nmf_reconstruct(model, NULL, &made, error)
                                     : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row");
    for (int64_t i = 0; i < nmf_matrix_rows(X) && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, rows, error);
        if (status == NMF_OK) status = nmf_matrix_copy_rows(made, i, 1, NMF_F64, rows + n, error);
        for (int64_t j = 0; j < n && status == NMF_OK; j++) {
            squares += rows[j] * rows[j];
            rest += (rows[j] - rows[n + j]) * (rows[j] - rows[n + j]);
        }
    }
    *relative = sqrt(rest / squares);
    nmf_matrix_free(made);
    free(rows);
    return status;
}

static nmf_status say_row(const demo *d, const char *name, const nmf_model *model, nmf_error *error)
{
    const nmf_model_content *const content = nmf_model_view(model);
    double relative = 0;
    const nmf_status status = measure(d->X, model, &relative, error);
    if (status == NMF_OK)
        cli_say(d->args, "%-7s  %14.4f  %6lld  %8.3f", name, relative, (long long)content->passes,
                content->seconds);
    return status;
}

static nmf_status say_table(const demo *d, nmf_error *error)
{
    cli_say(d->args, "%s", d->texts->table);
    nmf_status status = say_row(d, "PCA", d->pca, error);
    if (status == NMF_OK) status = say_row(d, "NMF", d->nmf, error);
    if (status == NMF_OK) status = say_row(d, "NMF, KL", d->kl, error);
    cli_say(d->args, "%s", "");
    return status;
}

/* ---- the pictures ---- */

static nmf_status reconstruct_shown(const nmf_model *model, const int64_t *rows, int64_t count,
                                    nmf_matrix **shown, nmf_error *error)
{
    nmf_matrix *W = NULL;
    nmf_status status = nmf_matrix_select(nmf_model_view(model)->W, rows, count, &W, error);
    if (status == NMF_OK) status = nmf_reconstruct(model, W, shown, error);
    nmf_matrix_free(W);
    return status;
}

static nmf_status prepare_reconstructions(demo *d, nmf_error *error)
{
    const int64_t rows[SHOWN] = {0, 1, 2, 3, 4, 5};
    const int64_t count = nmf_matrix_rows(d->X) < SHOWN ? nmf_matrix_rows(d->X) : SHOWN;
    nmf_status status = nmf_matrix_select(d->X, rows, count, &d->originals, error);
    if (status == NMF_OK) status = reconstruct_shown(d->pca, rows, count, &d->from_pca, error);
    if (status == NMF_OK) status = reconstruct_shown(d->nmf, rows, count, &d->from_nmf, error);
    if (status == NMF_OK) status = reconstruct_shown(d->kl, rows, count, &d->from_kl, error);
    return status;
}

/* NULL when memory is out. */
static char *path_in(const demo *d, const char *name)
{
    const size_t bytes = strlen(d->directory) + strlen(name) + 2;
    char *const path = malloc(bytes);
    if (path != NULL) snprintf(path, bytes, "%s/%s", d->directory, name);
    return path;
}

static nmf_status draw(const demo *d, const nmf_render_gallery *galleries, int64_t count,
                       int64_t across, const char *title, const char *name, nmf_error *error)
{
    char *const path = path_in(d, name);
    if (path == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the name %s", name);
    cli_args silent = *d->args; /* it is said here, in the demo's language */
    silent.quiet = 1;
    const nmf_status status = cli_draw(&silent, galleries, count, across, title, path, error);
    if (status == NMF_OK) cli_say(d->args, d->texts->wrote, path);
    free(path);
    return status == NMF_OK ? check_interrupted(error) : status;
}

static nmf_render_gallery gallery_of(const nmf_matrix *pictures, int64_t most, const char *title)
{
    nmf_render_gallery gallery = {.pictures = pictures, .title = title};
    const int64_t rows = nmf_matrix_rows(pictures);
    cli_choose_grid(rows < most ? rows : most, &gallery.grid_rows, &gallery.grid_columns);
    return gallery;
}

static nmf_render_gallery row_of(const nmf_matrix *pictures, const char *title)
{
    const nmf_render_gallery gallery = {.pictures = pictures,
                                        .grid_rows = 1,
                                        .grid_columns = nmf_matrix_rows(pictures),
                                        .title = title,
                                        .scale = NMF_RENDER_ZERO}; /* light as it was: 0 is black */
    return gallery;
}

static nmf_status draw_all(demo *d, nmf_error *error)
{
    const int64_t k = d->args->components;
    const char *const *const titles = d->texts->titles, *const *const rows = d->texts->rows;
    char title[96];
    const nmf_render_gallery galleries[] = {
        gallery_of(d->X, k, titles[0]),
        gallery_of(nmf_model_view(d->pca)->H, k, titles[1]),
        gallery_of(nmf_model_view(d->nmf)->H, k, titles[2]),
        gallery_of(nmf_model_view(d->kl)->H, k, titles[3]),
    };
    static const char *const names[] = {"faces.png", "pca.png", "nmf.png", "nmf-kl.png"};
    nmf_status status = prepare_reconstructions(d, error);
    for (int i = 0; i < 4 && status == NMF_OK; i++)
        status = draw(d, &galleries[i], 1, 1, NULL, names[i], error);
    if (status != NMF_OK) return status;
    const nmf_render_gallery reconstructions[] = {
        row_of(d->originals, rows[0]), row_of(d->from_pca, rows[1]), row_of(d->from_nmf, rows[2]),
        row_of(d->from_kl, rows[3])};
    status = draw(d, reconstructions, 4, 1, NULL, "reconstruction.png", error);
    snprintf(title, sizeof title, d->texts->title, (long long)nmf_matrix_rows(d->X), d->description,
             (long long)k);
    if (status == NMF_OK) status = draw(d, galleries, 4, 2, title, "demo.png", error);
    return status;
}

/* ---- the files ---- */

static nmf_status make_directory(demo *d, nmf_error *error)
{
    struct stat there;
    d->directory = d->args->output != NULL ? d->args->output : "nmf-demo";
    if (mkdir(d->directory, 0777) == 0) {
        d->made_directory = 1;
        return NMF_OK;
    }
    const int reason = errno;
    if (stat(d->directory, &there) == 0 && S_ISDIR(there.st_mode) &&
        access(d->directory, W_OK | X_OK) == 0)
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_FILE, "cannot write into the directory %s: %s", d->directory,
                    strerror(reason));
}

static nmf_status save(const demo *d, const nmf_model *model, const char *name, nmf_error *error)
{
    char *const path = path_in(d, name);
    if (path == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the name %s", name);
    const nmf_status status = nmf_io_save_model(model, path, error);
    if (status == NMF_OK) cli_say(d->args, d->texts->wrote, path);
    free(path);
    return status == NMF_OK ? check_interrupted(error) : status;
}

/* The page of the NMF, in the demo's language. */
static nmf_status write_report(const demo *d, nmf_error *error)
{
    char *const path = path_in(d, "report.html");
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    options.X = d->X;
    options.title = d->texts->report_title;
    options.language = d->texts->language;
    options.created_seconds = (int64_t)time(NULL);
    if (path == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a name");
    const nmf_status status = nmf_render_report(d->nmf, &options, path, error);
    if (status == NMF_OK) cli_say(d->args, d->texts->wrote, path);
    free(path);
    return status == NMF_OK ? check_interrupted(error) : status;
}

static nmf_status run_demo(demo *d, nmf_error *error)
{
    nmf_status status = choose_data(d, error);
    if (status == NMF_OK) status = make_directory(d, error);
    if (status != NMF_OK) return status;
    cli_say(d->args, d->texts->dataset, (long long)nmf_matrix_rows(d->X), d->description,
            (long long)nmf_matrix_columns(d->X), (long long)nmf_matrix_image_height(d->X),
            (long long)nmf_matrix_image_width(d->X));
    status = extract_all(d, error);
    if (status != NMF_OK) return status;
    status = say_table(d, error);
    if (status == NMF_OK) status = save(d, d->pca, "pca.npz", error);
    if (status == NMF_OK) status = save(d, d->nmf, "nmf.npz", error);
    if (status == NMF_OK) status = save(d, d->kl, "nmf-kl.npz", error);
    if (status == NMF_OK) status = draw_all(d, error);
    if (status == NMF_OK) status = write_report(d, error);
    return status;
}

int cli_run_demo(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    demo d = {.args = args, .texts = cli_demo_texts_in(args->demo_language)};
    cli_interrupt_hold();
    cli_interrupt_keep(); /* so that an empty directory does not stay behind */
    const nmf_status status = run_demo(&d, &error);
    if (status != NMF_OK && d.made_directory)
        (void)rmdir(d.directory); /* succeeds only if nothing was written into it */
    free_demo(&d);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
