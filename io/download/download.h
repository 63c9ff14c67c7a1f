/* A verified, resumable download of one file over HTTP or HTTPS. */
#ifndef NMFI_IO_DOWNLOAD_H
#define NMFI_IO_DOWNLOAD_H

#include <nmfkit/status.h>
#include <stdint.h>

typedef struct nmfi_download_request {
    const char *url;
    const char *sha256;    /* 64 hex digits, either case */
    const char *part_path; /* the file to fill; what is there already is continued */
    const char *hint;      /* ends the message where the host cannot be reached: "; ..." or "" */
    int64_t most_bytes;    /* the file is smaller: give up, and keep nothing, beyond; 0: no limit */
    long stall_seconds;    /* give up when no byte came for so long; 0: 60 */
    int (*progress)(int64_t done, int64_t total, void *context); /* as in nmf_io_fetch_options */
    void *progress_context;
} nmfi_download_request;

/* Fills part_path and verifies it; if it already holds the file, without a connection. A part that
 * a server continued and that then fails the checksum is discarded, and the download starts over
 * once. On failure the part stays for the next attempt, unless its content is known to be wrong.
 * Errors: NETWORK, FILE (the part cannot be written, or another process is at it), INTERRUPTED. */
nmf_status nmfi_download(const nmfi_download_request *request, nmf_error *error);

/* What the plug-in download exports, nmf_plugin_download (io/files/plugin.h). */
typedef struct nmfi_download_room {
    nmf_status (*download)(const nmfi_download_request *request, nmf_error *error);
} nmfi_download_room;

#endif
