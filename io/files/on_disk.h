/* Which data stay on disk (nmf_io_read_options.most_bytes), and the file that they are then read from. */
#ifndef NMFI_IO_ON_DISK_H
#define NMFI_IO_ON_DISK_H

#include "disk_file.h"
#include "reader.h"

/* Bytes of the file at `path`, 0 where it is not there. */
uint64_t nmfi_file_bytes(const char *path);

/* 1 where data that would take so many bytes of memory are to be read as they are needed. */
NMFI_FOR_PLUGINS int nmfi_stays_on_disk(const nmfi_read_request *request, uint64_t bytes);

/* How much a reader may make of a file whose own bytes cannot be read in place (text), before that goes into a
 * scratch file: most_bytes; half of the memory there is where nothing is said. And a word about it. */
uint64_t nmfi_bytes_in_memory(const nmfi_read_request *request);
void nmfi_say_set_aside(const nmfi_read_request *request, uint64_t bytes);

/* A word about it to the caller: `name` of so many bytes stays on disk. */
NMFI_FOR_PLUGINS void nmfi_say_on_disk(const nmfi_read_request *request, const char *name,
                                       uint64_t bytes);

/* The request's file, and a word about it to the caller. Errors: FILE, MEMORY. */
nmf_status nmfi_open_on_disk(const nmfi_read_request *request, nmfi_disk_file **file,
                             nmf_error *error);

#endif
