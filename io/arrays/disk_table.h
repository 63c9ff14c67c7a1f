/* A dense matrix whose rows lie in a table on disk that some library reads, whole rows at a time. */
#ifndef NMFI_IO_DISK_TABLE_H
#define NMFI_IO_DISK_TABLE_H

#include "disk_lines.h"

/* rows x columns values, row after row in the list, which is taken over. `path` is for messages. Errors: what
 * reading fails with, MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_disk_table_matrix(int64_t rows, int64_t columns,
                                                   const nmfi_disk_list *values, const char *path,
                                                   nmf_matrix **matrix, nmf_error *error);

#endif
