/* A text file that lists pictures: one path a line, relative to the file's own folder, '#' begins a
 * comment line. A line that names a directory stands for the pictures in it. Names are the lines as
 * written. */
#include "find_pictures.h"
#include "readers.h"

#include "io/files/file_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLANK " \t\r\n\v\f"

/* The next path in text[0..length): its start and length, without blanks around it; 0 at the end.
 * Moves *at behind its line and counts the lines. */
static size_t next_path(const char *text, size_t length, size_t *at, int64_t *line_number,
                        const char **path)
{
    while (*at < length) {
        ++*line_number;
        const char *const line = text + *at;
        const char *const end = memchr(line, '\n', length - *at);
        size_t count = end != NULL ? (size_t)(end - line) : length - *at;
        *at += count + (end != NULL ? 1 : 0);
        size_t blank = 0;
        while (blank < count && line[blank] != '\0' && strchr(BLANK, line[blank]) != NULL) blank++;
        while (count > blank && line[count - 1] != '\0' && strchr(BLANK, line[count - 1]) != NULL)
            count--;
        *path = line + blank;
        if (count > blank && **path != '#') return count - blank;
    }
    return 0;
}

/* Certain if the first line that is no comment is whole, has no zero byte and ends like a picture's
 * name. */
static int recognise(const unsigned char *head, size_t bytes)
{
    const char *path = NULL;
    size_t at = 0;
    int64_t line = 0;
    char name[NMFI_HEAD_BYTES + 1];
    const size_t length = next_path((const char *)head, bytes, &at, &line, &path);
    if (length == 0 || length > NMFI_HEAD_BYTES || memchr(head, '\0', at) != NULL) return 0;
    memcpy(name, path, length);
    name[length] = '\0';
    return strpbrk(name, ",;\t") == NULL && nmfi_is_picture_path(name);
}

static char *path_beside(const char *list_path, const char *name)
{
    const char *const slash = strrchr(list_path, '/');
    if (name[0] == '/' || slash == NULL) return strdup(name);
    char *const folder = strndup(list_path, (size_t)(slash + 1 - list_path));
    char *const path = folder != NULL ? nmfi_join_path(folder, name) : NULL;
    free(folder);
    return path;
}

/* The folder part of a picture's name is its label. */
static nmf_status add_picture(nmfi_found_pictures *found, const char *path, const char *name,
                              nmf_error *error)
{
    const char *const slash = strrchr(name, '/');
    char *const label = strndup(name, slash != NULL ? (size_t)(slash - name) : 0);
    const nmf_status status = label != NULL
                                  ? nmfi_add_picture(found, path, name, label, error)
                                  : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a label");
    free(label);
    return status;
}

static nmf_status add_line(nmfi_found_pictures *found, const char *list_path, int64_t line,
                           const char *name, nmf_error *error)
{
    char *const path = path_beside(list_path, name);
    struct stat about;
    nmf_status status;
    if (path == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the path %s", name);
    else if (stat(path, &about) != 0)
        status = nmf_fail(error, NMF_ERROR_FILE, "%s, line %" PRId64 ": %s: %s", list_path, line,
                          path, strerror(errno));
    else if (S_ISDIR(about.st_mode))
        status = nmfi_find_pictures(found, path, name, name, error);
    else
        status = add_picture(found, path, name, error);
    free(path);
    return status;
}

static nmf_status add_lines(nmfi_found_pictures *found, const char *list_path, const char *text,
                            size_t length, nmf_error *error)
{
    const char *path = NULL;
    size_t at = 0;
    int64_t line = 0;
    size_t count;
    nmf_status status = NMF_OK;
    while (status == NMF_OK && (count = next_path(text, length, &at, &line, &path)) > 0) {
        char *const name = strndup(path, count);
        status = name != NULL ? add_line(found, list_path, line, name, error)
                              : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a path");
        free(name);
    }
    if (status == NMF_OK && found->count == 0)
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: the list names no picture", list_path);
    return status;
}

static nmf_status read_list(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const char *path = request->path;
    *matrix = NULL;
    nmfi_file_view *file = NULL;
    nmfi_found_pictures found = {NULL, 0, 0};
    nmf_status status = nmfi_file_view_open(path, &file, error);
    if (status == NMF_OK)
        status = add_lines(&found, path, (const char *)file->bytes, file->count, error);
    if (status == NMF_OK) status = nmfi_read_found(request, &found, matrix, error);
    nmfi_found_clear(&found);
    nmfi_file_view_close(file);
    return status;
}

const nmfi_reader nmfi_reader_list = {"list of pictures", "list lst", 0, 0, recognise, read_list};
