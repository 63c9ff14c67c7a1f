/* The fit, as the floors above see it. */
#ifndef NMFI_FIT_FIT_H
#define NMFI_FIT_FIT_H

#include <nmfkit/model.h>

/* All of it, with options that are checked. */
nmf_status nmfi_fit_model(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                          nmf_error *error);

/* Of several starts some are followed elsewhere, by whom who hands this in knows: each is one's turn. All have X,
 * make the same calls in the same order, and get the model. */
typedef struct nmfi_turns {
    const void *context;
    int (*is_mine)(const void *context, int64_t start);
    /* `data` of whose turn a start was, into all others' `data`; the first failure among all, for all. */
    void (*tell)(const void *context, int64_t start, void *data, size_t bytes);
    nmf_status (*agree)(const void *context, nmf_status status, nmf_error *error);
} nmfi_turns;
nmf_status nmfi_fit_in_turns(const nmfi_turns *turns, const nmf_matrix *X,
                             const nmf_options *options, nmf_model **model, nmf_error *error);

/* The same by a method that is not among the library's own (method.h): of the options, loss, solver
 * and sketch are not asked. */
struct nmfi_method;
nmf_status nmfi_fit_by(const struct nmfi_method *method, const nmf_matrix *X,
                       const nmf_options *options, nmf_model **model, nmf_error *error);

#endif
