/* See files/plugin.h: what stands in libnmfkit-io.a for files/plugin_loaded.c. The rooms are there already. */
#include "io/files/plugin.h"

#include <stddef.h>
#include <string.h>

extern const struct nmfi_hdf5_room nmf_plugin_hdf5;
extern const struct nmfi_download_room nmf_plugin_download;
extern const struct nmfi_draw_room nmf_plugin_draw;

static const struct {
    const char *name;
    const void *table;
} plugins[] = {
    {"hdf5", &nmf_plugin_hdf5}, {"download", &nmf_plugin_download}, {"draw", &nmf_plugin_draw}};

nmf_status nmfi_plugin(const char *name, const char *needed_by, const void **table,
                       nmf_error *error)
{
    for (size_t i = 0; i < sizeof plugins / sizeof plugins[0]; i++) {
        *table = plugins[i].table;
        if (strcmp(plugins[i].name, name) == 0) return NMF_OK;
    }
    *table = NULL;
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s need a plug-in %s, and there is none",
                    needed_by, name);
}
