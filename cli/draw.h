/* Drawing for the commands: a grid for a number of pictures, and nmf_render with its warning
 * printed. */
#ifndef NMF_CLI_DRAW_H
#define NMF_CLI_DRAW_H

#include "cli.h"

#include <nmfkit/render.h>

/* The grid closest to a square, and no higher than wide, that `count` pictures fill without a gap:
 * 6 -> 2 x 3, 16 -> 4 x 4, 7 -> 1 x 7. */
void cli_choose_grid(int64_t count, int64_t *rows, int64_t *columns);

/* Fails with NMF_ERROR_SHAPE if the pictures, which came from `path`, have no image shape. */
nmf_status cli_check_shape(const nmf_matrix *pictures, const char *path, nmf_error *error);

/* nmf_render; a missing letter is a line "warning: ..." on stderr, success a line "wrote FILE". */
nmf_status cli_draw(const cli_args *args, const nmf_render_gallery *galleries, int64_t count,
                    int64_t across, const char *title, const char *path, nmf_error *error);

/* The rows of `matrix`, which are no pictures, as the kind of data they are: curves, columns, or bars of their
 * `count` largest entries, in a grid (0 x 0: chosen); captions as nmf_render_bars has them. */
nmf_status cli_draw_bars(const cli_args *args, const nmf_matrix *matrix,
                         const char *const *captions, const char *path, nmf_error *error);

/* The model's components: pictures, or what else they are where they have no image shape. Pictures are
 * symmetrically scaled greys, in a chosen grid. */
nmf_status cli_draw_components(const cli_args *args, const nmf_model *model, const char *path,
                               nmf_error *error);

#endif
