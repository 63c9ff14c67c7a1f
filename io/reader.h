/* The contract between nmf_io_read (io/read.c) and the readers, one file each: a reader says
 * whether a file is its own and reads it. Adding a format is a new read_*.c and one row in the
 * table of read.c. */
#ifndef NMFI_IO_READER_H
#define NMFI_IO_READER_H

#include <nmfkit/io.h>

#define NMFI_HEAD_BYTES 4096 /* what recognise() gets to see, less where the file is shorter */

typedef struct nmfi_reader {
    const char *name;       /* ".npy file", for messages */
    const char *extensions; /* "npy", or several: "csv tsv"; used only where no content decides */
    int unzips;             /* 1: reads gzipped files too; recognise() then sees the text inside */
    int (*recognise)(const unsigned char *head,
                     size_t bytes); /* 1: certainly this format; may be NULL */
    /* `member` is what stood after "path:" or NULL. */
    nmf_status (*read)(const char *path, const char *member, nmf_matrix **matrix, nmf_error *error);
} nmfi_reader;

extern const nmfi_reader nmfi_reader_npy, nmfi_reader_npz, nmfi_reader_mat, nmfi_reader_csv;
extern const nmfi_reader nmfi_reader_png, nmfi_reader_jpeg,
    nmfi_reader_pnm; /* one picture: one row */
extern const nmfi_reader nmfi_reader_mtx, nmfi_reader_hdf5, nmfi_reader_docword,
    nmfi_reader_svmlight;
extern const nmfi_reader nmfi_reader_list; /* a text file that lists pictures */

/* Pictures named one by one or by directories (searched recursively, natural order): one matrix,
 * one row a picture, with sample names (paths relative to the directory; as given where there are
 * several paths), labels (sub-folder names; the directory's own where there are several) and the
 * image shape. Lives in read_pictures.c. */
nmf_status nmfi_read_pictures(const char *const *paths, int64_t count, nmf_matrix **matrix,
                              nmf_error *error);

/* A folder with cellranger's matrix.mtx, barcodes and features: read_cell_folder.c. */
int nmfi_is_cell_folder(const char *path);
nmf_status nmfi_read_cell_folder(const char *path, nmf_matrix **matrix, nmf_error *error);

/* 1 if the path has the extension of a picture format that we read. */
int nmfi_is_picture_path(const char *path);

#endif
