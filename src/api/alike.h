/* Whether processes that make a call together were given the same. */
#ifndef NMFI_API_ALIKE_H
#define NMFI_API_ALIKE_H

#include <nmfkit/matrix.h>
#include <nmfkit/options.h>

#include <stdint.h>

/* What each process will use of an X that it has in memory as a whole: all of it; its own rows; of a dense X its own
 * rows, of a sparse one its own columns too. */
typedef enum nmfi_uses { NMFI_USES_ALL, NMFI_USES_ROWS, NMFI_USES_LINES } nmfi_uses;

/* ARGUMENT, on all, where the attached processes were given different things: shapes, options but those that each may
 * have for itself, what is hashed in `wishes`, matrices that are used by all, entries of X, its weights and what else
 * has a row for each sample. Of entries those are compared that are used, so that no process reads all of X for it;
 * entries on disk are not. */
nmf_status nmfi_check_alike(const nmf_matrix *X, const nmf_options *options, nmfi_uses uses,
                            uint64_t wishes, nmf_error *error) NMF_MUST_CHECK;

/* A hash with one more word in it. */
uint64_t nmfi_stir(uint64_t hash, uint64_t word);

#endif
