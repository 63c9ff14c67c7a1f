/* Searches directories for pictures, always in the same order, whatever order the file system
 * has. */
#include "find_pictures.h"

#include "io/files/natural_order.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

typedef struct visited_directory {
    dev_t device;
    ino_t number;
} visited_directory;

typedef struct search {
    nmfi_found_pictures *found;
    visited_directory *visited;
    size_t visited_count, visited_room;
    nmf_error *error;
} search;

static nmf_status no_memory(nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the list of pictures");
}

int nmfi_is_picture_path(const char *path)
{
    static const char *const extensions[] = {"png", "jpg", "jpeg", "jpe",
                                             "pgm", "ppm", "pnm",  "pbm"};
    const char *const slash = strrchr(path, '/');
    const char *const dot = strrchr(slash != NULL ? slash : path, '.');
    if (dot == NULL) return 0;
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
        if (strcasecmp(dot + 1, extensions[i]) == 0) return 1;
    }
    return 0;
}

char *nmfi_join_path(const char *directory, const char *name)
{
    const size_t length = strlen(directory);
    const int slash = length > 0 && directory[length - 1] != '/';
    char *const path = malloc(length + strlen(name) + 2);
    if (path != NULL) strcat(strcat(strcpy(path, directory), slash ? "/" : ""), name);
    return path;
}

nmf_status nmfi_add_picture(nmfi_found_pictures *found, const char *path, const char *name,
                            const char *label, nmf_error *error)
{
    if (found->count == found->room) {
        const int64_t room = found->room > 0 ? 2 * found->room : 64;
        nmfi_found_picture *const grown = (size_t)room > SIZE_MAX / sizeof *grown
                                              ? NULL
                                              : realloc(found->items, (size_t)room * sizeof *grown);
        if (grown == NULL) return no_memory(error);
        found->items = grown;
        found->room = room;
    }
    nmfi_found_picture *const item = &found->items[found->count++];
    *item = (nmfi_found_picture){strdup(path), strdup(name), strdup(label)};
    return item->path != NULL && item->name != NULL && item->label != NULL ? NMF_OK
                                                                           : no_memory(error);
}

void nmfi_found_clear(nmfi_found_pictures *found)
{
    for (int64_t i = 0; i < found->count; i++) {
        free(found->items[i].path);
        free(found->items[i].name);
        free(found->items[i].label);
    }
    free(found->items);
    memset(found, 0, sizeof *found);
}

static nmf_status enter_once(search *job, const struct stat *about, int *first_time)
{
    *first_time = 1;
    for (size_t i = 0; i < job->visited_count; i++) {
        if (job->visited[i].device == about->st_dev && job->visited[i].number == about->st_ino)
            *first_time = 0;
    }
    if (!*first_time) return NMF_OK;
    if (job->visited_count == job->visited_room) {
        const size_t room = job->visited_room > 0 ? 2 * job->visited_room : 16;
        visited_directory *const grown = realloc(job->visited, room * sizeof *grown);
        if (grown == NULL) return no_memory(job->error);
        job->visited = grown;
        job->visited_room = room;
    }
    job->visited[job->visited_count++] = (visited_directory){about->st_dev, about->st_ino};
    return NMF_OK;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_natural_order(const struct dirent **a, const struct dirent **b)
{
    return nmfi_natural_compare((*a)->d_name, (*b)->d_name);
}

static nmf_status search_directory(search *job, const char *path, const char *name,
                                   const char *label);

/* `label` is the folder that the entry lies in. */
static nmf_status search_entry(search *job, const char *path, const char *name,
                               const char *base_name, const char *label)
{
    struct stat about;
    const int known = stat(path, &about) == 0;
    if (known && S_ISDIR(about.st_mode)) {
        char *const below = nmfi_join_path(label, base_name);
        const nmf_status status =
            below != NULL ? search_directory(job, path, name, below) : no_memory(job->error);
        free(below);
        return status;
    }
    if (!nmfi_is_picture_path(base_name)) return NMF_OK;
    if (!known) return nmf_fail(job->error, NMF_ERROR_FILE, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode)) /* a pipe with a picture's name would never end */
        return NMF_OK;
    return nmfi_add_picture(job->found, path, name, label, job->error);
}

static nmf_status search_entries(search *job, const char *path, const char *name, const char *label,
                                 struct dirent **entries, int count)
{
    nmf_status status = NMF_OK;
    for (int i = 0; i < count && status == NMF_OK; i++) {
        const char *const base_name = entries[i]->d_name;
        char *const entry_path = nmfi_join_path(path, base_name);
        char *const entry_name = nmfi_join_path(name, base_name);
        if (entry_path != NULL && entry_name != NULL)
            status = search_entry(job, entry_path, entry_name, base_name, label);
        else
            status = no_memory(job->error);
        free(entry_path);
        free(entry_name);
    }
    return status;
}

static nmf_status search_directory(search *job, const char *path, const char *name,
                                   const char *label)
{
    struct stat about;
    if (stat(path, &about) != 0)
        return nmf_fail(job->error, NMF_ERROR_FILE, "%s: %s", path, strerror(errno));
    int first_time;
    nmf_status status = enter_once(job, &about, &first_time);
    if (status != NMF_OK || !first_time) return status;
    struct dirent **entries = NULL;
    const int count = scandir(path, &entries, not_hidden, by_natural_order);
    if (count < 0)
        return nmf_fail(job->error, NMF_ERROR_FILE, "cannot read the directory %s: %s", path,
                        strerror(errno));
    status = search_entries(job, path, name, label, entries, count);
    for (int i = 0; i < count; i++) free(entries[i]);
    free(entries);
    return status;
}

nmf_status nmfi_find_pictures(nmfi_found_pictures *found, const char *directory, const char *prefix,
                              const char *label, nmf_error *error)
{
    search job = {.found = found, .error = error};
    const nmf_status status = search_directory(&job, directory, prefix, label);
    free(job.visited);
    return status;
}

/* Of what is no picture: what the folder was perhaps meant for. */
static int is_other_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && entry->d_type != DT_DIR &&
           !nmfi_is_picture_path(entry->d_name);
}

int nmfi_list_other_files(const char *directory, char *names, size_t bytes)
{
    enum { SHOWN = 3 };
    struct dirent **entries = NULL;
    const int count = scandir(directory, &entries, is_other_file, by_natural_order);
    size_t used = 0;
    names[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (i < SHOWN && used < bytes) {
            const int more = snprintf(names + used, bytes - used, "%s%s%s", i > 0 ? ", " : "",
                                      entries[i]->d_name, entries[i]->d_type == DT_DIR ? "/" : "");
            used += more > 0 ? (size_t)more : 0;
        }
        free(entries[i]);
    }
    free(entries);
    if (count > SHOWN && used < bytes)
        snprintf(names + used, bytes - used, " and %d more", count - SHOWN);
    return count > 0 ? count : 0;
}
