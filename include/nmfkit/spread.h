/* W of a fit that several processes share (nmfkit/comm.h), left where its rows are.
 *
 * By default the first process ends with all of W, and has to have room for it. With nmf_spread_leave(1) it ends with a
 * matrix of the same rows that holds its own alone: others come from their processes whenever they are read, and what
 * is written as a model, .npy or .npz each process writes into the file itself. Meanwhile the others serve:
 *
 *     nmf_spread_leave(1);
 *     status = nmf_fit(X, &options, &model, &error);         every process
 *     const nmf_matrix *W = nmf_model_view(model)->W;
 *     if (nmf_comm_attached()->rank > 0)
 *         nmf_io_spread_serve(W);                            until the first one ends it (nmfkit/io.h)
 *     else {
 *         status = nmf_io_save_model(model, path, &error);   and whatever else reads W
 *         nmf_spread_end(W);
 *     } */
#ifndef NMFKIT_SPREAD_H
#define NMFKIT_SPREAD_H

#include <nmfkit/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether nmf_fit, nmf_pca and nmf_transform leave the rows of W where they are (1), or bring them to the first process (0,
 * as it is when a communicator is attached), from now on until another one is. All processes say the same; where one
 * of them has not, rows are brought. */
NMF_API void nmf_spread_leave(int leaves);

/* 1 where the rows of `matrix` lie with several processes: at the first one a matrix of all rows, read as those of
 * nmf_matrix_from_rows are, by the thread that calls the library and while the others serve; elsewhere one of the
 * process's own rows (nmf_comm_rows). */
NMF_API int nmf_spread_is(const nmf_matrix *matrix);

/* Gives rows of `own` in processes other than the first, and does what else that one asks for, until it calls
 * nmf_spread_end. task(context, own, words, bytes) is called for each nmf_spread_ask with what that was given; what it
 * answers it sends itself, by the communicator. Returns at once where `own` is not spread. */
typedef void nmf_spread_task(void *context, const nmf_matrix *own, const void *words, size_t bytes);
NMF_API void nmf_spread_serve(const nmf_matrix *own, nmf_spread_task *task, void *context);

/* Asks process `rank`, which serves, by the first process; and lets all of them go on. Nothing where `all` is not spread. */
NMF_API void nmf_spread_ask(const nmf_matrix *all, int64_t rank, const void *words, size_t bytes);
NMF_API void nmf_spread_end(const nmf_matrix *all);

#ifdef __cplusplus
}
#endif
#endif
