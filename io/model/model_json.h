/* A model's manifest: everything in it that is not an array, as JSON text. */
#ifndef NMFI_IO_MODEL_JSON_H
#define NMFI_IO_MODEL_JSON_H

#include <nmfkit/model.h>

/* Fills the scalars of `content` (options, kind, results) from a manifest; arrays are left alone.
 * `path` is for messages. Errors: FORMAT, UNSUPPORTED (a newer format). */
nmf_status nmfi_model_from_json(const char *text, const char *path, nmf_model_content *content,
                                nmf_error *error);

#endif
