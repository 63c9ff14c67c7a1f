/* Where fetched data lives, by the XDG Base Directory Specification. */
#include <nmfkit/io.h>

#include <stdlib.h>
#include <string.h>

static char *join(const char *directory, const char *folder, const char *name)
{
    const size_t bytes = strlen(directory) + strlen(folder) + strlen(name) + 1;
    char *const path = malloc(bytes);
    if (path != NULL) strcat(strcat(strcpy(path, directory), folder), name);
    return path;
}

nmf_status nmf_io_cache_path(const char *name, char **path, nmf_error *error)
{
    if (name == NULL || path == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a path in the cache needs a name and a place");
    const char *const cache = getenv("XDG_CACHE_HOME");
    const char *const home = getenv("HOME");
    *path = NULL;
    if (cache != NULL && cache[0] == '/') /* the specification: a relative path is to be ignored */
        *path = join(cache, "/nmfkit/", name);
    else if (home != NULL && home[0] != '\0')
        *path = join(home, "/.cache/nmfkit/", name);
    else
        return nmf_fail(error, NMF_ERROR_FILE,
                        "no place for cached data: neither XDG_CACHE_HOME nor HOME is set");
    if (*path == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the path of \"%s\"", name);
    return NMF_OK;
}
