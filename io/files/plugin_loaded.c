/* See plugin.h: plug-ins of the shared library, in the folder NMFKIT_PLUGINS ("nmfkit-0.2.0") beside it, wherever it was
 * moved or linked to. Nowhere else is looked: another version's would not fit. */
#define _GNU_SOURCE /* dladdr */
#include "plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A place in this library. */
static const char here;

/* "/usr/lib/nmfkit-0.2.0/hdf5.so"; free() it. NULL with errno: where this library lies cannot be told. */
static char *path_of(const char *name)
{
    Dl_info library;
    char *const own = dladdr(&here, &library) != 0 ? realpath(library.dli_fname, NULL) : NULL;
    char *const slash = own != NULL ? strrchr(own, '/') : NULL;
    const size_t directory = slash != NULL ? (size_t)(slash - own) : 0;
    const size_t bytes = directory + strlen("/" NMFKIT_PLUGINS "/.so") + strlen(name) + 1;
    char *const path = slash != NULL ? malloc(bytes) : NULL;
    if (path != NULL)
        snprintf(path, bytes, "%.*s/" NMFKIT_PLUGINS "/%s.so", (int)directory, own, name);
    free(own);
    return path;
}

nmf_status nmfi_plugin(const char *name, const char *needed_by, const void **table,
                       nmf_error *error)
{
    char symbol[64];
    char *const path = path_of(name);
    if (path == NULL)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s need nmfkit's plug-in %s, and where libnmfkit-io lies cannot be told: "
                        "%s",
                        needed_by, name, strerror(errno));
    snprintf(symbol, sizeof symbol, "nmf_plugin_%s", name);
    /* Lazily: most functions of these libraries are never called. Never closed: what they keep for the process's
     * end, such as fonts, must still be there. */
    void *const plugin = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    *table = plugin != NULL ? dlsym(plugin, symbol) : NULL;
    free(path);
    if (*table != NULL) return NMF_OK;
    const char *const why = dlerror();
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "%s need nmfkit's plug-in %s, which cannot be loaded: %s", needed_by, name,
                    why != NULL ? why : "it has no table");
}
