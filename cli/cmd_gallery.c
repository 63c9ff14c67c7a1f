/* nmf gallery: a model's components, samples of data, or samples above what a model makes of them,
 * as a grid of pictures. */
#include "args.h"
#include "data.h"
#include "draw.h"
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHOSEN 100 /* pictures where neither --grid nor --rows says how many */

/* What is drawn, and the memory behind it. */
typedef struct gallery_source {
    nmf_model *model;
    nmf_matrix *data;     /* read from files */
    nmf_matrix *selected; /* rows of it, or the components with another shape */
    nmf_matrix *W, *reconstructed;
} gallery_source;

static void free_source(gallery_source *source)
{
    nmf_matrix_free(source->reconstructed);
    nmf_matrix_free(source->W);
    nmf_matrix_free(source->selected);
    nmf_matrix_free(source->data);
    nmf_model_free(source->model);
}

static nmf_status check_usage(const cli_args *args, int is_model, nmf_error *error)
{
    if ((args->reconstruct != NULL) != (args->data != NULL))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "--%s is given but --%s is not",
                        args->data != NULL ? "data" : "reconstruct",
                        args->data != NULL ? "reconstruct" : "data");
    if (args->reconstruct != NULL && !is_model)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "--reconstruct needs a model, and %s is none",
                        args->operands[0]);
    if (args->kind != NULL && (!is_model || args->reconstruct != NULL))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--kind says what a model's components are drawn as; samples are drawn as "
                        "pictures");
    if (args->reconstruct != NULL && args->rows != NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--rows and --reconstruct cannot be used together");
    if (is_model && args->operand_count > 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "'%s' is one argument too many: a gallery is of one model",
                        args->operands[1]);
    const cli_output output = {"-o", args->output, CLI_PICTURE_OUT};
    const nmf_status status = cli_require_output(args, error);
    return status == NMF_OK ? cli_check_files(args, &output, 1, error) : status;
}

static nmf_status select_rows(const nmf_matrix *matrix, const char *flag, const char *list,
                              nmf_matrix **selected, nmf_error *error)
{
    int64_t *rows = NULL;
    int64_t count = 0;
    nmf_status status = cli_parse_numbers(flag, list, &rows, &count, error);
    if (status == NMF_OK) status = nmf_matrix_select(matrix, rows, count, selected, error);
    free(rows);
    return status;
}

/* The components, with the shape that --image-shape gives them. */
static nmf_status shape_components(const cli_args *args, gallery_source *source, nmf_error *error)
{
    const nmf_dense dense = nmf_matrix_dense(nmf_model_view(source->model)->H);
    nmf_status status = nmf_matrix_borrow(&dense, &source->data, error);
    if (status == NMF_OK)
        status = nmf_matrix_set_image_shape(source->data, args->image_shape[0],
                                            args->image_shape[1], error);
    return status;
}

/* Reads what the operands name; *pictures is what to draw. */
static nmf_status prepare_pictures(const cli_args *args, int is_model, gallery_source *source,
                                   const nmf_matrix **pictures, nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (!is_model)
        status = cli_read_data(args, args->operands, args->operand_count, &source->data, error);
    else if (args->image_shape[0] != 0)
        status = shape_components(args, source, error);
    if (status != NMF_OK) return status;
    *pictures = source->data != NULL ? source->data : nmf_model_view(source->model)->H;
    if (args->rows != NULL) {
        status = select_rows(*pictures, "rows", args->rows, &source->selected, error);
        *pictures = source->selected;
    }
    return status;
}

static nmf_render_gallery make_gallery(const cli_args *args, const nmf_matrix *pictures)
{
    const nmf_render_gallery gallery = {.pictures = pictures,
                                        .grid_rows = args->grid[0],
                                        .grid_columns = args->grid[1],
                                        .scale = (nmf_render_scale)args->scale,
                                        .colormap = (nmf_render_colormap)args->colormap,
                                        .pixel_size = args->pixel_size};
    return gallery;
}

static nmf_status check_grid(const nmf_render_gallery *gallery, nmf_error *error)
{
    const int64_t available = nmf_matrix_rows(gallery->pictures);
    if (gallery->grid_rows <= available / gallery->grid_columns) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "grid = %lldx%lld: there are only %lld pictures",
                    (long long)gallery->grid_rows, (long long)gallery->grid_columns,
                    (long long)available);
}

/* Components that are no pictures, as curves, columns or bars. Chosen ones are headed by the numbers they have in the
 * model. */
static nmf_status draw_bars(const cli_args *args, const nmf_matrix *components, nmf_error *error)
{
    int64_t *rows = NULL, count = 0;
    if (args->rows == NULL) return cli_draw_bars(args, components, NULL, args->output, error);
    nmf_status status = cli_parse_numbers("rows", args->rows, &rows, &count, error);
    if (status != NMF_OK) return status;
    const char **const captions = calloc((size_t)count, sizeof *captions);
    char(*const numbers)[24] = calloc((size_t)count, sizeof *numbers);
    if (captions == NULL || numbers == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld captions", (long long)count);
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)rows[i]);
        captions[i] = numbers[i];
    }
    if (status == NMF_OK) status = cli_draw_bars(args, components, captions, args->output, error);
    free(numbers);
    free(captions);
    free(rows);
    return status;
}

static nmf_status draw_pictures(const cli_args *args, int is_model, gallery_source *source,
                                nmf_error *error)
{
    const nmf_matrix *pictures = NULL;
    nmf_status status = prepare_pictures(args, is_model, source, &pictures, error);
    const int other_kind = args->kind != NULL && strcmp(args->kind, "pictures") != 0;
    if (status == NMF_OK && is_model && (other_kind || nmf_matrix_image_height(pictures) == 0))
        return draw_bars(args, pictures, error);
    if (status == NMF_OK) status = cli_check_shape(pictures, args->operands[0], error);
    if (status != NMF_OK) return status;
    const int64_t available = nmf_matrix_rows(pictures);
    const int limited = !is_model && args->rows == NULL && available > MOST_CHOSEN;
    nmf_render_gallery gallery = make_gallery(args, pictures);
    gallery.title = args->title;
    if (gallery.grid_rows == 0)
        cli_choose_grid(limited ? MOST_CHOSEN : available, &gallery.grid_rows,
                        &gallery.grid_columns);
    status = check_grid(&gallery, error);
    return status == NMF_OK ? cli_draw(args, &gallery, 1, 1, NULL, args->output, error) : status;
}

static nmf_status reconstruct_rows(const cli_args *args, gallery_source *source, nmf_error *error)
{
    nmf_status status = cli_read_like(args, source->model, &args->data, 1, &source->data, error);
    if (status == NMF_OK) status = cli_check_shape(source->data, args->data, error);
    if (status == NMF_OK)
        status =
            select_rows(source->data, "reconstruct", args->reconstruct, &source->selected, error);
    if (status == NMF_OK)
        status = nmf_transform(source->model, source->selected, NULL, &source->W, error);
    if (status == NMF_OK)
        status = nmf_reconstruct(source->model, source->W, &source->reconstructed, error);
    if (status == NMF_OK)
        status = nmf_matrix_set_image_shape(source->reconstructed,
                                            nmf_matrix_image_height(source->selected),
                                            nmf_matrix_image_width(source->selected), error);
    return status;
}

/* Two galleries, one above the other: the chosen samples, and their reconstructions. */
static nmf_status draw_reconstructions(const cli_args *args, gallery_source *source,
                                       nmf_error *error)
{
    nmf_status status = reconstruct_rows(args, source, error);
    if (status != NMF_OK) return status;
    const int is_pca = nmf_model_view(source->model)->kind == NMF_MODEL_PCA;
    nmf_render_gallery galleries[2] = {make_gallery(args, source->selected),
                                       make_gallery(args, source->reconstructed)};
    galleries[0].title = "Samples";
    galleries[1].title = is_pca ? "PCA reconstructions" : "NMF reconstructions";
    for (int i = 0; i < 2 && args->grid[0] == 0; i++) {
        galleries[i].grid_rows = 1;
        galleries[i].grid_columns = nmf_matrix_rows(source->selected);
    }
    status = check_grid(&galleries[0], error);
    return status == NMF_OK ? cli_draw(args, galleries, 2, 1, args->title, args->output, error)
                            : status;
}

int cli_run_gallery(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    gallery_source source = {NULL, NULL, NULL, NULL, NULL};
    int is_model = 0;
    nmf_status status = nmf_io_recognise_model(args->operands[0], &is_model, &error);
    if (status == NMF_OK) status = check_usage(args, is_model, &error);
    if (status == NMF_OK && is_model)
        status = nmf_io_load_model(args->operands[0], &source.model, &error);
    if (status == NMF_OK)
        status = args->reconstruct != NULL ? draw_reconstructions(args, &source, &error)
                                           : draw_pictures(args, is_model, &source, &error);
    free_source(&source);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
