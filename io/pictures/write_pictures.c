/* Writes a matrix of pictures as a directory of 8-bit grey PNGs: see write.h. All of them or none:
 * what a failing call has written is removed again. */
#include "write_pictures.h"

#include "io/files/atomic_file.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONGEST_NAME 200 /* bytes; file systems allow 255 */

typedef struct gallery {
    const nmf_matrix *matrix;
    const char *directory; /* ends in '/' */
    int64_t height, width, rows;
    double lowest, highest; /* entries that become black and white */
    char **names;           /* of the files, without directory */
    double *row;
    unsigned char *pixels;
    nmf_error *error;
} gallery;

/* A sample's name as a file name: no folders, no hidden files, no picture extension of its own. */
static void make_safe(const char *name, char *out)
{
    size_t length = 0;
    for (; *name != '\0' && length < LONGEST_NAME; name++) {
        const unsigned char c = (unsigned char)*name;
        const int bad = c < ' ' || c == 127 || strchr("/\\:*?\"<>|", c) != NULL ||
                        (length == 0 && (c == '.' || c == '-'));
        out[length++] = bad ? '_' : (char)c;
    }
    while (length == LONGEST_NAME && length > 0 &&
           ((unsigned char)out[length - 1] & 0xC0) == 0x80) {
        length--; /* not the middle of a UTF-8 character */
    }
    out[length] = '\0';
    char *dot = strrchr(out, '.');
    static const char *const extensions[] = {".png", ".jpg", ".jpeg", ".pgm",
                                             ".ppm", ".pnm", ".pbm"};
    for (size_t i = 0; dot != NULL && i < sizeof extensions / sizeof extensions[0]; i++) {
        if (strcasecmp(dot, extensions[i]) == 0) {
            *dot = '\0';
            break;
        }
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcasecmp(*(char *const *)a, *(char *const *)b);
}

/* 1 if two names are equal (in upper case too: some file systems do not tell them apart). */
static int has_duplicates(char *const *names, int64_t count)
{
    char **sorted = malloc((size_t)count * sizeof *sorted);
    if (sorted == NULL) {
        return 1; /* numbering them is always right */
    }
    memcpy(sorted, names, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
    int found = 0;
    for (int64_t i = 1; i < count && !found; i++) {
        found = compare_names(&sorted[i - 1], &sorted[i]) == 0;
    }
    free(sorted);
    return found;
}

static void free_names(gallery *g)
{
    for (int64_t i = 0; g->names != NULL && i < g->rows; i++) {
        free(g->names[i]);
    }
    free(g->names);
    g->names = NULL;
}

/* "0001" without sample names, "s1_1" with them, "0001-s1_1" where they are not all different. */
static int name_files(gallery *g, int numbered)
{
    const int named = nmf_matrix_has_names(g->matrix, NMF_SAMPLE_NAMES);
    char safe[LONGEST_NAME + 8], name[LONGEST_NAME + 40];
    const int digits = snprintf(safe, sizeof safe, "%" PRId64, g->rows);
    free_names(g);
    g->names = calloc((size_t)g->rows + 1, sizeof *g->names);
    if (g->names == NULL) {
        return 0;
    }
    for (int64_t i = 0; i < g->rows; i++) {
        make_safe(named ? nmf_matrix_name(g->matrix, NMF_SAMPLE_NAMES, i) : "", safe);
        if (numbered || !named) {
            snprintf(name, sizeof name, "%0*" PRId64 "%s%s", digits, i + 1, named ? "-" : "", safe);
        } else {
            snprintf(name, sizeof name, "%s", safe[0] != '\0' ? safe : "_");
        }
        if ((g->names[i] = strdup(name)) == NULL) {
            return 0;
        }
    }
    return numbered || !has_duplicates(g->names, g->rows) || name_files(g, 1);
}

static nmf_status find_range(gallery *g)
{
    g->lowest = 0.0;
    g->highest = 255.0;
    if (nmf_matrix_dtype(g->matrix) == NMF_U8) {
        return NMF_OK;
    }
    g->lowest = HUGE_VAL;
    g->highest = -HUGE_VAL;
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < g->rows && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(g->matrix, i, 1, NMF_F64, g->row, g->error);
        for (int64_t p = 0; p < g->height * g->width && status == NMF_OK; p++) {
            if (isfinite(g->row[p])) {
                g->lowest = fmin(g->lowest, g->row[p]);
                g->highest = fmax(g->highest, g->row[p]);
            }
        }
    }
    return status;
}

/* Row i as grey bytes; entries that are not finite, and pictures without contrast, are black. */
static nmf_status fill_pixels(gallery *g, int64_t i)
{
    const nmf_status status = nmf_matrix_copy_rows(g->matrix, i, 1, NMF_F64, g->row, g->error);
    const double range = g->highest - g->lowest;
    for (int64_t p = 0; p < g->height * g->width && status == NMF_OK; p++) {
        const double grey = range > 0.0 ? (g->row[p] - g->lowest) / range * 255.0 : 0.0;
        g->pixels[p] = grey >= 0.0 && grey <= 255.0 ? (unsigned char)(grey + 0.5) : 0;
    }
    return status;
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void jump_on_error(png_structp png, png_const_charp message)
{
    (void)message;
    png_longjmp(png, 1);
}

/* Trap: nothing here may be a variable that changes after setjmp. Returns 0 on failure. */
static int encode_png(const gallery *g, FILE *stream)
{
    png_infop info = NULL;
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, jump_on_error, ignore_warning);
    if (png == NULL || (info = png_create_info_struct(png)) == NULL ||
        setjmp(png_jmpbuf(png)) != 0) {
        png_destroy_write_struct(&png, &info);
        return 0;
    }
    png_init_io(png, stream);
    png_set_IHDR(png, info, (png_uint_32)g->width, (png_uint_32)g->height, 8, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int64_t y = 0; y < g->height; y++) {
        png_write_row(png, g->pixels + y * g->width);
    }
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return 1;
}

static char *picture_path(const gallery *g, int64_t i)
{
    const size_t bytes = strlen(g->directory) + strlen(g->names[i]) + sizeof ".png";
    char *path = malloc(bytes);
    if (path != NULL) {
        snprintf(path, bytes, "%s%s.png", g->directory, g->names[i]);
    }
    return path;
}

static nmf_status write_picture(gallery *g, int64_t i)
{
    nmfi_atomic_file *file = NULL;
    char *path = picture_path(g, i);
    nmf_status status =
        path != NULL ? fill_pixels(g, i) : nmf_fail(g->error, NMF_ERROR_MEMORY, "out of memory");
    if (status == NMF_OK) {
        status = nmfi_atomic_open(path, &file, g->error);
    }
    if (status == NMF_OK && !encode_png(g, nmfi_atomic_stream(file))) {
        status =
            nmf_fail(g->error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        nmfi_atomic_abort(file);
    } else if (status == NMF_OK) {
        status = nmfi_atomic_commit(file, g->error);
    }
    free(path);
    return status;
}

static nmf_status write_all(gallery *g)
{
    const int made = mkdir(g->directory, 0777) == 0;
    if (!made && errno != EEXIST) {
        return nmf_fail(g->error, NMF_ERROR_FILE, "%s: the directory cannot be made: %s",
                        g->directory, strerror(errno));
    }
    nmf_status status = NMF_OK;
    int64_t done = 0;
    while (done < g->rows && (status = write_picture(g, done)) == NMF_OK) {
        done++;
    }
    for (int64_t i = 0; status != NMF_OK && i < done; i++) {
        char *path = picture_path(g, i);
        if (path != NULL) {
            unlink(path);
        }
        free(path);
    }
    if (status != NMF_OK && made) {
        rmdir(g->directory);
    }
    return status;
}

nmf_status nmfi_write_pictures(const nmf_matrix *matrix, const char *path, nmf_error *error)
{
    gallery g = {.matrix = matrix,
                 .directory = path,
                 .error = error,
                 .height = nmf_matrix_image_height(matrix),
                 .width = nmf_matrix_image_width(matrix),
                 .rows = nmf_matrix_rows(matrix)};
    if (g.height == 0 || g.height > PNG_UINT_31_MAX || g.width > PNG_UINT_31_MAX) {
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "%s: only matrices with an image shape can be written as pictures; this one has "
            "%" PRId64 " columns and no shape",
            path, nmf_matrix_columns(matrix));
    }
    g.row = calloc((size_t)(g.height * g.width), sizeof *g.row);
    g.pixels = calloc((size_t)(g.height * g.width), 1);
    nmf_status status;
    if (g.row == NULL || g.pixels == NULL || !name_files(&g, 0)) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for a picture", path);
    } else if ((status = find_range(&g)) == NMF_OK) {
        status = write_all(&g);
    }
    free_names(&g);
    free(g.pixels);
    free(g.row);
    return status;
}
