/* Model files inside nmfkit-io: the model in an archive that is already open. */
#ifndef NMFI_IO_MODEL_FILE_H
#define NMFI_IO_MODEL_FILE_H

#include "io/arrays/npz_archive.h"

#include <nmfkit/model.h>

/* As nmf_io_load_model; `path` is for messages. */
nmf_status nmfi_model_from_npz(nmfi_npz *npz, const char *path, nmf_model **model,
                               nmf_error *error);

#endif
