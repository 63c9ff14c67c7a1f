/* What goes in and out: reading DATA as the data options say, and looking at an output's place
 * before the work, so that a long fit does not end with "No such file or directory". */
#ifndef NMF_CLI_DATA_H
#define NMF_CLI_DATA_H

#include "cli.h"

/* One matrix from the paths (several: pictures). */
nmf_status cli_read_data(const cli_args *args, const char *const *paths, int64_t count,
                         nmf_matrix **matrix, nmf_error *error);

/* The memory that the data take counts within the limit. Errors: MEMORY (nothing is left). */
nmf_status cli_count_data(const cli_args *args, const nmf_matrix *X, nmf_options *options,
                          nmf_error *error);

/* Data in memory that leave too little of the limit are read anew, so that they stay on disk; 0: they cannot, and X
 * is as it was. */
int cli_leave_on_disk(const cli_args *args, nmf_options *options, nmf_matrix **X);

/* Bytes that were read so far of data that stay on disk. */
int64_t cli_disk_bytes(void);

/* From here on scratch files lie in the folder of the output, unless NMFKIT_SCRATCH says where. */
void cli_scratch_beside(const char *output);

/* Where the fetched Olivetti faces are or would be: olivetti.npz in the cache, or an olivetti.npy
 * that an earlier version left there. free() it. Errors: as nmf_io_cache_path. */
nmf_status cli_olivetti_path(char **path, nmf_error *error);

/* One matrix for a model, read as its own data were (--transpose, --image-order) where the command line
 * does not say, and as wide as the model where the format does not say. */
nmf_status cli_read_like(const cli_args *args, const nmf_model *model, const char *const *paths,
                         int64_t count, nmf_matrix **matrix, nmf_error *error);

/* The operands (behind the model, where one is given) as data, within options->time_limit_seconds, of
 * which the time that it took is taken off. */
nmf_status cli_read_in_time(const cli_args *args, const nmf_model *like, nmf_options *options,
                            nmf_matrix **matrix, nmf_error *error);

/* In the sentence of a fit that the limit of time ended: the limit that was asked for in the place of what reading had left
 * of it, and that beside it. Nothing where it is another sentence. */
void cli_name_time_limit(const cli_args *args, const nmf_options *options, nmf_error *error);

/* The model among the operands, which is the first of them. Where that is none it says what it is,
 * and where the model stands. Errors: ARGUMENT, and those of nmf_io_load_model. */
nmf_status cli_load_model(const cli_args *args, nmf_model **model, nmf_error *error);

/* Fails with NMF_ERROR_FILE if `path` (NULL: nothing to do) could not be written in the end. */
nmf_status cli_check_output(const char *path, nmf_error *error);

/* For commands whose -o is required: ARGUMENT if it is missing. */
nmf_status cli_require_output(const cli_args *args, nmf_error *error);

/* The data's file name without directory and extension, then `suffix`: "a/faces.npy" ->
 * "faces.nmf.npz". free() it. Errors: MEMORY. */
nmf_status cli_default_output(const char *data_path, const char *suffix, char **path,
                              nmf_error *error);

/* The same for the operands: of several files the folder they lie in gives the name. */
nmf_status cli_default_name(const cli_args *args, const char *suffix, char **path,
                            nmf_error *error);

/* nmf_io_write, and a line that says so: "wrote W.npy: 400 x 6 float32". */
nmf_status cli_write_matrix(const cli_args *args, const nmf_matrix *matrix, const char *path,
                            nmf_error *error);

/* "400 samples x 4096 features, uint8, pictures of 64 x 64" */
void cli_describe_matrix(const nmf_matrix *matrix, char *text, size_t bytes);

#endif
