/* See pictures_disk.h. */
#include "pictures_disk.h"

#include "picture.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A picture's file as it was when it was first looked at. */
typedef struct seen {
    char *path;
    int64_t bytes;
    struct timespec changed;
} seen;

typedef struct pictures {
    seen *items;
    int64_t count, width, height;
    nmf_dtype dtype;
    atomic_int_fast64_t done; /* bytes that were read */
    void (*watch)(int64_t bytes, void *context);
    void *watch_context;
} pictures;

static void release(void *context)
{
    pictures *p = context;
    for (int64_t i = 0; i < p->count; i++) free(p->items[i].path);
    free(p->items);
    free(p);
}

static nmf_status look(const char *path, struct stat *about, nmf_error *error)
{
    if (stat(path, about) == 0) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
}

static int is_as_seen(const seen *file, const struct stat *now)
{
    return file->bytes == (int64_t)now->st_size && file->changed.tv_sec == now->st_mtim.tv_sec &&
           file->changed.tv_nsec == now->st_mtim.tv_nsec;
}

static void count_bytes(pictures *p, int64_t bytes)
{
    if (p->watch) p->watch(atomic_fetch_add(&p->done, bytes) + bytes, p->watch_context);
}

/* The picture, of the size of all, from a file that is what it was. */
static nmf_status load(pictures *p, int64_t i, nmfi_picture *picture, nmf_error *error)
{
    const seen *file = &p->items[i];
    struct stat before, after;
    *picture = (nmfi_picture){0, 0, NMF_U8, NULL};
    nmf_status status = look(file->path, &before, error);
    if (status == NMF_OK) status = nmfi_picture_load(file->path, picture, error);
    if (status == NMF_OK) status = look(file->path, &after, error);
    if (status == NMF_OK && (!is_as_seen(file, &before) || !is_as_seen(file, &after)))
        status = nmf_fail(error, NMF_ERROR_FILE, "%s: was written to while it was read", file->path);
    if (status == NMF_OK && (picture->width != p->width || picture->height != p->height))
        status = nmfi_fail_picture_size(file->path, picture->width, picture->height,
                                        p->items[0].path, p->width, p->height, error);
    if (status == NMF_OK) count_bytes(p, file->bytes);
    return status;
}

static nmf_status read_rows(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    pictures *p = context;
    const int64_t pixels = p->width * p->height;
    const int64_t bytes = pixels * (int64_t)nmf_dtype_bytes(p->dtype);
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        nmfi_picture picture;
        char *const out = (char *)rows + i * bytes;
        status = load(p, first + i, &picture, error);
        if (status == NMF_OK && picture.dtype == p->dtype)
            memcpy(out, picture.grey, (size_t)bytes);
        else if (status == NMF_OK)
            nmfi_widen_pixels(picture.grey, pixels, (uint16_t *)(void *)out);
        nmfi_picture_clear(&picture);
    }
    return status;
}

/* Each of them once. */
static nmf_status look_at_all(pictures *p, const nmfi_found_pictures *found, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < found->count && status == NMF_OK; i++) {
        seen *file = &p->items[i];
        nmfi_picture picture = {0, 0, NMF_U8, NULL};
        struct stat about;
        file->path = strdup(found->items[i].path);
        if (!file->path) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a path");
        status = look(file->path, &about, error);
        if (status != NMF_OK) return status;
        file->bytes = (int64_t)about.st_size;
        file->changed = about.st_mtim;
        if (i == 0) { /* which decides the size */
            status = nmfi_picture_load(file->path, &picture, error);
            p->width = picture.width;
            p->height = picture.height;
        } else {
            status = load(p, i, &picture, error);
        }
        if (picture.dtype == NMF_U16) p->dtype = NMF_U16;
        nmfi_picture_clear(&picture);
    }
    return status;
}

nmf_status nmfi_pictures_on_disk(const nmfi_read_request *request, const nmfi_found_pictures *found,
                                 nmf_matrix **matrix, int64_t *width, nmf_error *error)
{
    pictures *p = calloc(1, sizeof *p);
    seen *items = calloc((size_t)found->count, sizeof *items);
    if (!p || !items) {
        free(p);
        free(items);
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the list of %" PRId64 " pictures",
                        found->count);
    }
    p->items = items;
    p->count = found->count;
    p->dtype = NMF_U8;
    p->watch = request->options->watch;
    p->watch_context = request->options->watch_context;
    const nmf_status status = look_at_all(p, found, error);
    if (status != NMF_OK) {
        release(p);
        return status;
    }
    *width = p->width;
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = p->dtype;
    reader.rows = p->count;
    reader.columns = p->width * p->height;
    reader.read = read_rows;
    reader.release = release;
    reader.context = p;
    return nmf_matrix_from_reader(&reader, matrix, error);
}
