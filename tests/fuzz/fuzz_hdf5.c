/* libFuzzer: the members of an HDF5 file of cells (.h5ad, cellranger's) or of MATLAB 7.3 with any
 * content give a matrix whose entries can all be looked at, in memory or on disk, or a sentence. The
 * file around them is written here by HDF5 itself, so that the bytes go into shapes, pointers,
 * indices, values and names: its own parsing is HDF5's. */
#include "input.h"
#include "scratch.h"

#include <hdf5.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST_SHAPE 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A type of numbers or texts; *text: 1 for texts of a fixed length, 2 for any. */
static hid_t take_type(input *in, int *text)
{
    const unsigned which = take(in) % 14;
    *text = which == 12 ? 1 : which == 13 ? 2 : 0;
    switch (which) {
    case 0:
    case 1: return H5Tcopy(H5T_STD_I32LE);
    case 2: return H5Tcopy(H5T_STD_I64LE);
    case 3:
    case 4: return H5Tcopy(H5T_IEEE_F32LE);
    case 5: return H5Tcopy(H5T_IEEE_F64LE);
    case 6: return H5Tcopy(H5T_STD_U8LE);
    case 7: return H5Tcopy(H5T_STD_U64LE);
    case 8: return H5Tcopy(H5T_STD_I16BE);
    case 9: return H5Tcopy(H5T_IEEE_F64BE);
    case 10: return H5Tcopy(H5T_STD_U16LE);
    case 11: return H5Tcopy(H5T_STD_I8LE);
    default: break;
    }
    const hid_t type = H5Tcopy(H5T_C_S1);
    (void)H5Tset_size(type, *text == 1 ? 1 + take(in) % 12 : H5T_VARIABLE);
    return type;
}

/* Up to 255 items of bytes from the input, as texts of any length have them. */
static void write_texts(hid_t set, hid_t type, input *in, size_t count)
{
    char text[256][8];
    const char *list[256];
    for (size_t i = 0; i < count; i++) {
        memset(text[i], 0, sizeof text[i]);
        for (size_t c = 0; c < 1 + i % 6; c++) {
            text[i][c] = (char)take(in);
        }
        list[i] = text[i];
    }
    if (count > 0) {
        (void)H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, list);
    }
}

static void add_dataset(hid_t parent, const char *name, input *in)
{
    int text;
    unsigned char bytes[255 * 16];
    const hid_t type = take_type(in, &text);
    const unsigned how = take(in);
    const int dimensions = how % 8 == 7 ? 0 : how % 8 == 6 ? 2 : how % 8 == 5 ? 3 : 1;
    hsize_t shape[3] = {take(in) % 16, 0, 0}, chunk[3] = {3, 2, 1},
            count = dimensions > 0 ? shape[0] : 1;
    for (int i = 1; i < dimensions; i++) {
        shape[i] = take(in) % 4;
        count *= shape[i];
    }
    const hid_t space =
        dimensions > 0 ? H5Screate_simple(dimensions, shape, NULL) : H5Screate(H5S_SCALAR);
    const hid_t made = H5Pcreate(H5P_DATASET_CREATE);
    if (dimensions > 0 && how / 8 % 2) {
        (void)H5Pset_chunk(made, dimensions, chunk);
        if (how / 16 % 2) {
            (void)H5Pset_deflate(made, 1);
        }
    }
    const hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, made, H5P_DEFAULT);
    if (set >= 0 && text == 2) {
        write_texts(set, type, in, (size_t)count);
    } else if (set >= 0 && how / 32 % 4 != 3) { /* else: nothing was ever written to it */
        take_bytes(in, bytes, (size_t)count * H5Tget_size(type));
        (void)H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes);
    }
    (void)H5Dclose(set);
    (void)H5Pclose(made);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static void add_text_attribute(hid_t object, const char *name, const char *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    (void)H5Tset_size(type, strlen(text) + 1);
    const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Awrite(attribute, type, text);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
}

static void add_sizes(hid_t object, const char *name, input *in, hsize_t count)
{
    int64_t sizes[2] = {0, 0};
    for (hsize_t i = 0; i < count; i++) {
        const unsigned size = take(in);
        sizes[i] = size == 255   ? INT64_MAX
                   : size == 254 ? -1
                   : size == 253 ? LARGEST_SHAPE
                                 : (int64_t)(size % 16);
    }
    const hid_t space = count > 1 ? H5Screate_simple(1, &count, NULL) : H5Screate(H5S_SCALAR);
    const hid_t attribute =
        H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Awrite(attribute, H5T_NATIVE_INT64, sizes);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
}

static hid_t add_group(hid_t parent, const char *name)
{
    return H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

static void add_named(hid_t file, const char *table, const char *const *names, int count, input *in)
{
    const hid_t group = add_group(file, table);
    for (int i = 0; i < count; i++) {
        if (take(in) % 4) {
            add_dataset(group, names[i], in);
        }
    }
    (void)H5Gclose(group);
}

static void add_anndata(hid_t file, input *in)
{
    static const char *const obs[] = {"_index"}, *const var[] = {"_index", "feature_name",
                                                                 "feature_types"};
    const unsigned how = take(in);
    if (how % 4 == 0) {
        add_dataset(file, "X", in);
    } else {
        const hid_t X = add_group(file, "X");
        add_text_attribute(X, how % 8 < 4 ? "encoding-type" : "h5sparse_format",
                           how % 2 ? "csr_matrix" : "csc_matrix");
        add_sizes(X, how % 8 < 4 ? "shape" : "h5sparse_shape", in, 2);
        add_dataset(X, "indptr", in);
        add_dataset(X, "indices", in);
        add_dataset(X, "data", in);
        (void)H5Gclose(X);
    }
    add_named(file, "obs", obs, 1, in);
    if (how / 8 % 2) { /* categories with codes */
        static const char *const parts[] = {"categories", "codes"};
        const hid_t group = add_group(file, "var");
        add_named(group, "_index", parts, 2, in);
        add_named(group, "feature_types", parts, 2, in);
        (void)H5Gclose(group);
    } else {
        add_named(file, "var", var, 3, in);
    }
}

static void add_cellranger(hid_t file, input *in)
{
    static const char *const features[] = {"name", "feature_type"}, *const lists[] = {
                                                                        "shape", "indptr",
                                                                        "indices", "data",
                                                                        "barcodes"};
    const hid_t matrix = add_group(file, "matrix");
    for (int i = 0; i < 5; i++) {
        add_dataset(matrix, lists[i], in);
    }
    add_named(matrix, "features", features, 2, in);
    (void)H5Gclose(matrix);
}

static void add_matlab(hid_t file, input *in)
{
    static const char *const lists[] = {"jc", "ir", "data"};
    if (take(in) % 4) {
        const hid_t x = add_group(file, "x");
        add_sizes(x, "MATLAB_sparse", in, 1);
        add_text_attribute(x, "MATLAB_class", take(in) % 2 ? "double" : "logical");
        for (int i = 0; i < 3; i++) {
            if (take(in) % 8) {
                add_dataset(x, lists[i], in);
            }
        }
        (void)H5Gclose(x);
    }
    if (take(in) % 2) {
        add_dataset(file, "y", in);
    }
}

static void read_file(const char *path, input *in)
{
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.most_bytes = take(in) % 2 ? 1 : 0; /* on disk, or not */
    options.feature_type = take(in) % 2 ? "all" : NULL;
    const nmf_status status = nmf_io_read(path, &options, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const unsigned kind = take(&in) % 3;
    const char *name = kind == 2 ? "x.mat" : "x.h5";
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const hid_t in_memory = H5Pcreate(H5P_FILE_ACCESS);
    (void)H5Pset_fapl_core(in_memory, 1 << 16, 1);
    const char *path = scratch_path(name);
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, in_memory);
    if (file < 0) {
        abort();
    }
    if (kind == 0) {
        add_anndata(file, &in);
    } else if (kind == 1) {
        add_cellranger(file, &in);
    } else {
        add_matlab(file, &in);
    }
    if (H5Fclose(file) < 0) {
        abort();
    }
    (void)H5Pclose(in_memory);
    read_file(path, &in);
    scratch_remove(name);
    return 0;
}
