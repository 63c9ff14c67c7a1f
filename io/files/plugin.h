/* Plug-ins: rooms of io and render that stand on large libraries (HDF5; curl; cairo and pango). Loading those takes
 * longer than most commands run, so beside libnmfkit-io.so each such room is a file of its own,
 * nmfkit-VERSION/NAME.so, which is loaded when it is first asked for. It exports one table of functions. Into
 * libnmfkit-io.a the rooms are linked like all others.
 *
 * Another one is a folder, a table nmf_plugin_NAME in it, and a line in cmake/Libraries.cmake and one in
 * io/plugins_linked.c. */
#ifndef NMFI_IO_PLUGIN_H
#define NMFI_IO_PLUGIN_H

#include <nmfkit/status.h>

/* Marks what plug-ins take from libnmfkit-io: it leaves the library, but no header that is installed has it, and a
 * plug-in of another version is not loaded. */
#define NMFI_FOR_PLUGINS NMF_API

/* *table: what plug-in `name` ("hdf5") exports as nmf_plugin_NAME; it stays for good. `needed_by` ("HDF5 files") begins
 * the sentence where it cannot be loaded. plugin_loaded.c, or io/plugins_linked.c. Errors: UNSUPPORTED. Thread-safe. */
nmf_status nmfi_plugin(const char *name, const char *needed_by, const void **table,
                       nmf_error *error);

#endif
