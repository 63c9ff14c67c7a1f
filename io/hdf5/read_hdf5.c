/* Reads cells x genes from HDF5 files: .h5ad of anndata (X, "file.h5ad:layers/NAME", raw/X; sparse
 * or dense, in the encodings before and since 0.7) and .h5 of cellranger (versions 2 and 3); or any
 * table of numbers or compressed matrix that "file.h5:PATH" names. */
#include "hdf5_disk.h"
#include "hdf5_file.h"
#include "room.h"

#include "io/arrays/disk_table.h"
#include "io/arrays/feature_types.h"
#include "io/arrays/sparse_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers --------------------------------------------------------------------------------- */

/* A table that in memory would take too many bytes stays where it is. */
static int leaves_table(const nmfi_read_request *request, const nmfi_hdf5 *file, const char *name,
                        nmfi_hdf5_about *about)
{
    nmfi_hdf5_describe(file, name, about);
    if (about->dimensions != 2 || about->shape[0] <= 0 || about->shape[1] <= 0 ||
        about->item_bytes <= 0 ||
        about->shape[0] > INT64_MAX / 8 / about->shape[1] / about->item_bytes) {
        return 0; /* nothing, or more than there can be: reading says so */
    }
    const uint64_t bytes =
        (uint64_t)about->shape[0] * (uint64_t)about->shape[1] * (uint64_t)about->item_bytes;
    const int stays = nmfi_stays_on_disk(request, bytes);
    if (stays) {
        nmfi_say_on_disk(request, request->path, bytes);
    }
    return stays;
}

static nmf_status leave_table(const nmfi_read_request *request, const char *name,
                              const nmfi_hdf5_about *about, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_disk_list values;
    const nmf_status status =
        nmfi_hdf5_disk_list(request, "", name, NMFI_HDF5_AS_STORED, &values, error);
    return status == NMF_OK ? nmfi_disk_table_matrix(about->shape[0], about->shape[1], &values,
                                                     request->path, matrix, error)
                            : status;
}

static nmf_status read_table(const nmfi_read_request *request, const nmfi_hdf5 *file,
                             const char *name, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_hdf5_about about;
    if (leaves_table(request, file, name, &about)) {
        return leave_table(request, name, &about, matrix, error);
    }
    nmfi_hdf5_numbers numbers;
    nmf_status status = nmfi_hdf5_read(file, "", name, NMFI_HDF5_AS_STORED, &numbers, error);
    if (status != NMF_OK) {
        return status;
    }
    nmfi_raw_array raw = numbers.values;
    raw.rows = numbers.shape[0];
    raw.height = 1;
    raw.width = numbers.shape[1];
    raw.row_stride = raw.width;
    raw.width_stride = 1;
    if (numbers.dimensions != 2 || raw.rows == 0 || raw.width == 0) {
        free(numbers.memory);
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%s: '%s' has %d dimensions and %" PRId64 " x %" PRId64
                        " values; samples x features are needed",
                        nmfi_hdf5_path(file), name, numbers.dimensions, raw.rows, raw.width);
    }
    return nmfi_raw_to_matrix(&raw, free, numbers.memory, matrix, error);
}

/* What says how a compressed matrix lies in its group. */
typedef struct plan {
    int64_t shape[2];
    int by_columns;
} plan;

/* Lines of the file are rows of the matrix, or its columns. */
static nmf_status leave_lines(const nmfi_read_request *request, const nmfi_hdf5 *file,
                              const char *group, const plan *how, nmf_matrix **matrix,
                              nmf_error *error)
{
    const int64_t lines = how->shape[how->by_columns], across = how->shape[!how->by_columns];
    const nmfi_hdf5_as as = across < INT32_MAX ? NMFI_HDF5_AS_INT32 : NMFI_HDF5_AS_INT64;
    nmfi_hdf5_numbers pointers = {.memory = NULL};
    nmfi_disk_list indices = {.count = 0}, values = {.count = 0};
    nmf_status status = nmfi_hdf5_read(file, group, "indptr", NMFI_HDF5_AS_INT64, &pointers, error);
    if (status == NMF_OK && (pointers.dimensions != 1 || pointers.shape[0] - 1 != lines)) {
        status = nmf_fail(error, NMF_ERROR_FORMAT,
                          "%s: '%s' has %" PRId64 " pointers; the shape asks for %" PRId64 " + 1",
                          request->path, group, pointers.shape[0], lines);
    }
    if (status == NMF_OK) {
        status = nmfi_hdf5_disk_list(request, group, "indices", as, &indices, error);
    }
    if (status == NMF_OK) {
        status = nmfi_hdf5_disk_list(request, group, "data", NMFI_HDF5_AS_STORED, &values, error);
    }
    if (status != NMF_OK) {
        if (indices.release != NULL) {
            indices.release(indices.context);
        }
        free(pointers.memory);
        return status;
    }
    status = nmfi_disk_lines_matrix(lines, across, (int64_t *)(void *)pointers.memory, &indices,
                                    &values, request->path, matrix, error);
    if (status == NMF_OK && how->by_columns) {
        nmf_matrix_transpose(*matrix);
    }
    return status;
}

/* In memory its values and their places would take so many bytes. */
static int too_large(const nmfi_read_request *request, const nmfi_hdf5 *file, const char *group)
{
    char name[512];
    nmfi_hdf5_about about;
    snprintf(name, sizeof name, "%s/data", group);
    nmfi_hdf5_describe(file, name, &about);
    if (about.dimensions != 1 || about.shape[0] <= 0 || about.item_bytes <= 0) {
        return 0;
    }
    const uint64_t bytes = (uint64_t)about.shape[0] * (uint64_t)(about.item_bytes + 4);
    const int stays = nmfi_stays_on_disk(request, bytes);
    if (stays) {
        nmfi_say_on_disk(request, request->path, bytes);
    }
    return stays;
}

static nmf_status read_compressed(const nmfi_read_request *request, const nmfi_hdf5 *file,
                                  const char *group, const plan *how, nmf_matrix **matrix,
                                  nmf_error *error)
{
    if (too_large(request, file, group)) {
        return leave_lines(request, file, group, how, matrix, error);
    }
    nmfi_hdf5_numbers pointers = {.memory = NULL}, indices = {.memory = NULL},
                      data = {.memory = NULL};
    const int64_t majors = how->shape[how->by_columns], minors = how->shape[!how->by_columns];
    const nmfi_hdf5_as as = minors < INT32_MAX ? NMFI_HDF5_AS_INT32 : NMFI_HDF5_AS_INT64;
    nmf_status status = nmfi_hdf5_read(file, group, "indptr", NMFI_HDF5_AS_INT64, &pointers, error);
    if (status == NMF_OK) {
        status = nmfi_hdf5_read(file, group, "indices", as, &indices, error);
    }
    if (status == NMF_OK) {
        status = nmfi_hdf5_read(file, group, "data", NMFI_HDF5_AS_STORED, &data, error);
    }
    nmfi_sparse_parts arrays = {.rows = how->shape[0],
                                .columns = how->shape[1],
                                .by_columns = how->by_columns,
                                .stored = data.shape[0],
                                .pointers = (int64_t *)(void *)pointers.memory,
                                .indices = indices.memory,
                                .index_bytes = indices.values.item_bytes,
                                .values = data.values,
                                .memory = {pointers.memory, indices.memory, data.memory, NULL}};
    const int lists = pointers.dimensions == 1 && indices.dimensions == 1 && data.dimensions == 1;
    if (status == NMF_OK &&
        (!lists || pointers.shape[0] - 1 != majors || indices.shape[0] != data.shape[0])) {
        status = nmf_fail(error, NMF_ERROR_FORMAT,
                          "%s: '%s' has %" PRId64 " pointers, %" PRId64 " indices and %" PRId64
                          " values, which do not fit its %" PRId64 " x %" PRId64,
                          nmfi_hdf5_path(file), group, pointers.shape[0], indices.shape[0],
                          data.shape[0], how->shape[0], how->shape[1]);
    }
    if (status != NMF_OK) {
        nmfi_sparse_parts_free(&arrays);
        return status;
    }
    return nmfi_sparse_parts_matrix(&arrays, nmfi_hdf5_path(file), matrix, error);
}

static nmf_status check_shape(const nmfi_hdf5 *file, const char *group, const plan *how,
                              nmf_error *error)
{
    return how->shape[0] > 0 && how->shape[1] > 0
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_SHAPE,
                          "%s: '%s' is empty: %" PRId64 " x %" PRId64 " values",
                          nmfi_hdf5_path(file), group, how->shape[0], how->shape[1]);
}

/* --- anndata --------------------------------------------------------------------------------- */

/* anndata before 0.7 called the attributes otherwise. */
static nmf_status read_anndata_matrix(const nmfi_read_request *request, const nmfi_hdf5 *file,
                                      const char *group, nmf_matrix **matrix, nmf_error *error)
{
    char encoding[32] = "";
    plan how = {{0, 0}, 0};
    const int named =
        nmfi_hdf5_text_attribute(file, group, "encoding-type", encoding, sizeof encoding) ||
        nmfi_hdf5_text_attribute(file, group, "h5sparse_format", encoding, sizeof encoding);
    const int shaped = nmfi_hdf5_whole_attribute(file, group, "shape", how.shape, 2) ||
                       nmfi_hdf5_whole_attribute(file, group, "h5sparse_shape", how.shape, 2);
    how.by_columns = strncmp(encoding, "csc", 3) == 0;
    if (!named || !shaped || (!how.by_columns && strncmp(encoding, "csr", 3) != 0)) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' is no matrix that can be read: a group with encoding-type "
                        "csr_matrix or csc_matrix and a shape, or a dataset, is",
                        nmfi_hdf5_path(file), group);
    }
    const nmf_status status = check_shape(file, group, &how, error);
    return status == NMF_OK ? read_compressed(request, file, group, &how, matrix, error) : status;
}

/* The names that people read, where the index has identifiers (CELLxGENE); genes apart from antibodies
 * and peaks. */
static nmf_status read_features(const nmfi_hdf5 *file, const char *features,
                                const nmfi_read_request *request, nmf_matrix **matrix,
                                nmf_error *error)
{
    static const char *const types[] = {"feature_types", "feature_type", "modality"};
    nmf_status status = nmfi_hdf5_index(file, features, *matrix, NMF_FEATURE_NAMES, error);
    if (status == NMF_OK && nmfi_hdf5_look(file, features, "feature_name") != NMFI_HDF5_NOTHING) {
        status = nmfi_hdf5_names(file, features, "feature_name", *matrix, NMF_FEATURE_NAMES, error);
        nmfi_note(request, "%s: '%s/feature_name' names the features", request->path, features);
    }
    nmf_matrix_transpose(*matrix); /* features are rows until their types are chosen */
    for (size_t i = 0; i < 3 && status == NMF_OK && !nmf_matrix_has_names(*matrix, NMF_LABELS);
         i++) {
        status = nmfi_hdf5_names(file, features, types[i], *matrix, NMF_LABELS, error);
    }
    if (status == NMF_OK) {
        status = nmfi_keep_feature_type(request, matrix, error);
    }
    nmf_matrix_transpose(*matrix);
    return status;
}

static nmf_status read_anndata(const nmfi_hdf5 *file, const char *name,
                               const nmfi_read_request *request, nmf_matrix **matrix,
                               nmf_error *error)
{
    const int is_raw = strncmp(name, "raw/", 4) == 0 || strncmp(name, "raw.", 4) == 0;
    const char *features = is_raw ? (name[3] == '/' ? "raw/var" : "raw.var") : "var";
    nmf_status status = nmfi_hdf5_look(file, "", name) == NMFI_HDF5_DATASET
                            ? read_table(request, file, name, matrix, error)
                            : read_anndata_matrix(request, file, name, matrix, error);
    if (status == NMF_OK && nmfi_hdf5_look(file, "", "obs") != NMFI_HDF5_NOTHING) {
        status = nmfi_hdf5_index(file, "obs", *matrix, NMF_SAMPLE_NAMES, error);
    }
    const int has_genes =
        strncmp(name, "obsm/", 5) != 0; /* else a row of something for each cell */
    if (status == NMF_OK && has_genes && nmfi_hdf5_look(file, "", features) != NMFI_HDF5_NOTHING) {
        status = read_features(file, features, request, matrix, error);
    }
    return status;
}

/* --- cellranger ------------------------------------------------------------------------------ */

/* genes x cells, column by column; turned over. Version 3 has features/name, version 2 gene_names.
 */
static nmf_status read_cellranger(const nmfi_hdf5 *file, const char *group,
                                  const nmfi_read_request *request, nmf_matrix **matrix,
                                  nmf_error *error)
{
    nmfi_hdf5_numbers shape;
    plan how = {{0, 0}, 1};
    nmf_status status = nmfi_hdf5_read(file, group, "shape", NMFI_HDF5_AS_INT64, &shape, error);
    if (status != NMF_OK) {
        return status;
    }
    if (shape.dimensions == 1 && shape.shape[0] == 2) {
        memcpy(how.shape, shape.memory, sizeof how.shape);
    }
    free(shape.memory);
    status = check_shape(file, group, &how, error);
    if (status == NMF_OK) {
        status = read_compressed(request, file, group, &how, matrix, error);
    }
    if (status != NMF_OK) {
        return status;
    }
    const char *genes =
        nmfi_hdf5_look(file, group, "features") == NMFI_HDF5_GROUP ? "features/name" : "gene_names";
    status = nmfi_hdf5_names(file, group, genes, *matrix, NMF_SAMPLE_NAMES, error);
    if (status == NMF_OK) {
        status = nmfi_hdf5_names(file, group, "features/feature_type", *matrix, NMF_LABELS, error);
    }
    if (status == NMF_OK) {
        status = nmfi_keep_feature_type(request, matrix, error);
    }
    if (status == NMF_OK) {
        nmf_matrix_transpose(*matrix);
        status = nmfi_hdf5_names(file, group, "barcodes", *matrix, NMF_SAMPLE_NAMES, error);
    }
    return status;
}

/* --- which matrix ---------------------------------------------------------------------------- */

static int is_cellranger(const nmfi_hdf5 *file, const char *group)
{
    return nmfi_hdf5_look(file, group, "barcodes") == NMFI_HDF5_DATASET &&
           nmfi_hdf5_look(file, group, "shape") == NMFI_HDF5_DATASET;
}

/* 1 if there is such a matrix: anndata writes a dataset without any values where X is None. */
static int has_values(const nmfi_hdf5 *file, const char *name)
{
    nmfi_hdf5_about about;
    nmfi_hdf5_describe(file, name, &about);
    return nmfi_hdf5_look(file, "", name) == NMFI_HDF5_GROUP || about.dimensions > 0;
}

/* What "path" without a member means: X, or the only group of cellranger's. */
static nmf_status choose(const nmfi_hdf5 *file, char *name, size_t bytes, nmf_error *error)
{
    char names[256];
    if (has_values(file, "X")) {
        snprintf(name, bytes, "X");
        return NMF_OK;
    }
    if (nmfi_hdf5_groups_with(file, "barcodes", name, bytes) == 1) {
        return NMF_OK;
    }
    if (nmfi_hdf5_look(file, "", "layers") == NMFI_HDF5_GROUP) {
        nmfi_hdf5_list(file, "layers", names, sizeof names);
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s: has no X, but layers; choose one as %s:layers/NAME from: %s",
                        nmfi_hdf5_path(file), nmfi_hdf5_path(file), names);
    }
    nmfi_hdf5_list(file, "", names, sizeof names);
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "%s: has neither X, as .h5ad files do, nor one matrix with barcodes, as "
                    "cellranger's do; choose one as %s:NAME from: %s",
                    nmfi_hdf5_path(file), nmfi_hdf5_path(file), names);
}

static nmf_status read_member(const nmfi_hdf5 *file, const nmfi_read_request *request,
                              nmf_matrix **matrix, nmf_error *error)
{
    const char *member = request->member;
    char name[256], names[256];
    if (member == NULL) {
        const nmf_status status = choose(file, name, sizeof name, error);
        if (status != NMF_OK) {
            return status;
        }
        member = name;
    }
    if (nmfi_hdf5_look(file, "", member) == NMFI_HDF5_NOTHING) {
        nmfi_hdf5_list(file, "", names, sizeof names);
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: has no '%s'; it has: %s",
                        nmfi_hdf5_path(file), member, names);
    }
    return is_cellranger(file, member) ? read_cellranger(file, member, request, matrix, error)
                                       : read_anndata(file, member, request, matrix, error);
}

nmf_status nmfi_hdf5_read_matrix(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error)
{
    const char *path = request->path;
    nmfi_hdf5 *file;
    *matrix = NULL;
    nmf_status status = nmfi_hdf5_open(path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = read_member(file, request, matrix, error);
    nmfi_hdf5_close(file);
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}
