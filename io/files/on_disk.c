/* See on_disk.h. */
#include "on_disk.h"

#include "file_view.h"

#include <sys/stat.h>

uint64_t nmfi_file_bytes(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && info.st_size > 0 ? (uint64_t)info.st_size : 0;
}

int nmfi_stays_on_disk(const nmfi_read_request *request, uint64_t bytes)
{
    const int64_t most = request->options->most_bytes;
    if (most < 0) {
        return 0;
    }
    return bytes > (most > 0 ? (uint64_t)most : nmfi_machine_memory() / 4 * 3);
}

uint64_t nmfi_bytes_in_memory(const nmfi_read_request *request)
{
    const int64_t most = request->options->most_bytes;
    if (most < 0) {
        return UINT64_MAX;
    }
    return most > 0 ? (uint64_t)most : nmfi_machine_memory() / 2;
}

void nmfi_say_set_aside(const nmfi_read_request *request, uint64_t bytes)
{
    char size[NMF_IO_SIZE_TEXT];
    nmfi_note(request,
              "%s: its numbers, %s, stay on disk in a scratch file and are read as they are needed",
              request->path, nmf_io_size_text((double)bytes, size));
}

void nmfi_say_on_disk(const nmfi_read_request *request, const char *name, uint64_t bytes)
{
    char size[NMF_IO_SIZE_TEXT];
    nmfi_note(request, "%s: its %s stay on disk and are read as they are needed", name,
              nmf_io_size_text((double)bytes, size));
}

nmf_status nmfi_open_on_disk(const nmfi_read_request *request, nmfi_disk_file **file,
                             nmf_error *error)
{
    const nmf_io_read_options *options = request->options;
    const nmf_status status =
        nmfi_disk_file_open(request->path, options->watch, options->watch_context, file, error);
    if (status == NMF_OK) {
        nmfi_say_on_disk(request, request->path, nmfi_disk_file_bytes(*file));
    }
    return status;
}
