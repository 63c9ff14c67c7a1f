/* The questions, their arguments checked by the api floor. */
#ifndef NMFI_SELECT_SELECT_H
#define NMFI_SELECT_SELECT_H

#include <nmfkit/select.h>

/* options are checked; rank_options has every field, defaults filled in (nmf_rank's are). */
nmf_status nmfi_rank(const nmf_matrix *X, const nmf_options *options,
                     const nmf_rank_options *rank_options, nmf_rank_result **result,
                     nmf_error *error);
nmf_status nmfi_consensus(const nmf_matrix *X, const nmf_options *options,
                          const nmf_consensus_options *consensus_options,
                          nmf_consensus_result **result, nmf_error *error);

#endif
