/* Kinds of files that are not read here: see foreign_files.h. Their first bytes are public knowledge (file(1)
 * has most of them). */
#include "foreign_files.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    size_t at;
    const char *bytes;
    size_t count;
    nmfi_foreign_kind kind;
} signatures[] = {
    {0,
     "\xD0\xCF\x11\xE0",
     4,
     {"is a workbook or document of an old Office", "save the sheet as CSV"}},
    {0, "II*\0", 4, {"is a TIFF picture", "convert it to PNG or PGM, or the stack to .npy"}},
    {0, "MM\0*", 4, {"is a TIFF picture", "convert it to PNG or PGM, or the stack to .npy"}},
    {0, "II+\0", 4, {"is a BigTIFF picture", "convert it to PNG or PGM, or the stack to .npy"}},
    {0, "GIF8", 4, {"is a GIF picture", "convert it to PNG"}},
    {0, "BM", 2, {"is a BMP picture", "convert it to PNG"}},
    {8, "WEBP", 4, {"is a WebP picture", "convert it to PNG"}},
    {8,
     "WAVE",
     4,
     {"is a recording (WAV)", "save its spectrogram, frames x frequencies, as .npy or .csv"}},
    {0,
     "fLaC",
     4,
     {"is a recording (FLAC)", "save its spectrogram, frames x frequencies, as .npy or .csv"}},
    {0,
     "ID3",
     3,
     {"is a recording (MP3)", "save its spectrogram, frames x frequencies, as .npy or .csv"}},
    {0,
     "OggS",
     4,
     {"is a recording (Ogg)", "save its spectrogram, frames x frequencies, as .npy or .csv"}},
    {0, "SIMPLE  =", 9, {"is a FITS file", "save its array as .npy (astropy.io.fits, numpy.save)"}},
    {0,
     "RDX3\n",
     5,
     {"is R's saved workspace", "write the matrix with write.csv or Matrix::writeMM"}},
    {0,
     "RDX2\n",
     5,
     {"is R's saved workspace", "write the matrix with write.csv or Matrix::writeMM"}},
    {0,
     "X\n\0\0\0",
     5,
     {"is an R object (RDS)", "write the matrix with write.csv or Matrix::writeMM"}},
    {0, "PAR1", 4, {"is a Parquet file", "save the table as CSV or its values as .npy"}},
    {0, "ARROW1", 6, {"is an Arrow (Feather) file", "save the table as CSV or its values as .npy"}},
    {0, "FEA1", 4, {"is a Feather file", "save the table as CSV or its values as .npy"}},
    {0, "CDF\1", 4, {"is a NetCDF file", "save its array as .npy"}},
    {0, "CDF\2", 4, {"is a NetCDF file", "save its array as .npy"}},
    {0, "%PDF", 4, {"is a PDF document", "save the table as CSV"}},
    {0, "{\\rtf", 5, {"is an RTF document", "save the table as CSV"}},
    {0, "SQLite format 3", 15, {"is an SQLite database", "export the table as CSV"}},
    {0, "BZh", 3, {"is compressed by bzip2", "unpack it first (bunzip2)"}},
    {0, "7z\xBC\xAF", 4, {"is a 7z archive", "unpack it first"}},
    {0, "Rar!", 4, {"is a RAR archive", "unpack it first"}},
    {257, "ustar", 5, {"is a tar archive", "unpack it first and name the files in it"}},
    {0, "\x80\x02", 2, {"is a Python pickle", "save the array with numpy.save"}},
    {0, "\x80\x03", 2, {"is a Python pickle", "save the array with numpy.save"}},
    {0, "\x80\x04", 2, {"is a Python pickle", "save the array with numpy.save"}},
    {0, "\x80\x05", 2, {"is a Python pickle", "save the array with numpy.save"}},
    {0,
     "\x7F"
     "ELF",
     4,
     {"is a program", "name a file of data"}},
    {128, "DICM", 4, {"is a DICOM picture", "convert it to PNG or PGM, or the stack to .npy"}},
    {0, "<!DOCTYPE", 9, {"is a web page", "download the data itself"}},
    {0, "<html", 5, {"is a web page", "download the data itself"}},
    {0, "<?xml", 5, {"is XML", "save the matrix as CSV or .npy"}},
    {0,
     "version https://git-lfs",
     23,
     {"only points to a file in Git LFS", "fetch that with git lfs pull"}},
};

static int has_word(const unsigned char *head, size_t bytes, const char *word)
{
    const size_t length = strlen(word);
    for (size_t i = 0; i + length <= bytes; i++) {
        if (memcmp(head + i, word, length) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Zip archives that are no .npz. */
static const nmfi_foreign_kind *kind_of_zip(const unsigned char *head, size_t bytes)
{
    static const nmfi_foreign_kind workbook = {"is an Excel workbook", "save the sheet as CSV"};
    static const nmfi_foreign_kind sheet = {"is an OpenDocument file", "save the sheet as CSV"};
    static const nmfi_foreign_kind document = {"is an Office document", "save the table as CSV"};
    if (has_word(head, bytes, "xl/")) {
        return &workbook;
    }
    if (has_word(head, bytes, "application/vnd.oasis")) {
        return &sheet;
    }
    return has_word(head, bytes, "[Content_Types].xml") ? &document : NULL;
}

const nmfi_foreign_kind *nmfi_foreign_file(const unsigned char *head, size_t bytes,
                                           const char *path)
{
    const size_t length = strlen(path);
    static const nmfi_foreign_kind workbook = {"is an Excel workbook", "save the sheet as CSV"};
    if (bytes >= 4 && memcmp(head, "PK\3\4", 4) == 0) {
        const int named = length > 5 && (strcmp(path + length - 5, ".xlsx") == 0 ||
                                         strcmp(path + length - 5, ".xlsm") == 0);
        return named ? &workbook : kind_of_zip(head, bytes);
    }
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        const size_t end = signatures[i].at + signatures[i].count;
        if (bytes >= end &&
            memcmp(head + signatures[i].at, signatures[i].bytes, signatures[i].count) == 0) {
            /* Few letters are little evidence: a text may begin with them (ID3 is a gene). */
            return signatures[i].count <= 4 && nmfi_is_text(head, bytes) ? NULL
                                                                         : &signatures[i].kind;
        }
    }
    return NULL;
}

int nmfi_is_text(const unsigned char *head, size_t bytes)
{
    size_t controls = 0;
    if (bytes >= 2 && (memcmp(head, "\xFF\xFE", 2) == 0 || memcmp(head, "\xFE\xFF", 2) == 0)) {
        return 1;
    }
    for (size_t i = 0; i < bytes; i++) {
        if (head[i] == 0) {
            return 0;
        }
        controls += head[i] < ' ' && strchr("\t\n\r\f\v", head[i]) == NULL;
    }
    return bytes > 0 && controls == 0;
}

/* Kinds that are read, which a sentence names where something else is wanted. */
static const struct {
    const char *bytes;
    size_t count;
    const char *what;
} own_kinds[] = {{"\x93NUMPY", 6, "an .npy array"},
                 {"\x89HDF", 4, "an HDF5 file (.h5ad, .h5, .mat)"},
                 {"MATLAB ", 7, "a MATLAB file"},
                 {"\x89PNG", 4, "a PNG picture"},
                 {"\xFF\xD8\xFF", 3, "a JPEG picture"},
                 {"PK\3\4", 4, "a zip archive that is damaged or cut off"},
                 {"\x1F\x8B", 2, "packed by gzip"},
                 {"\xFD\x37zXZ", 5, "packed by xz"},
                 {"\x28\xB5\x2F\xFD", 4, "packed by Zstandard"}};

const char *nmfi_what_is(const char *path)
{
    struct stat info;
    unsigned char head[512];
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        return "a directory";
    }
    FILE *file = fopen(path, "rb");
    const size_t count = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    for (size_t i = 0; i < sizeof own_kinds / sizeof own_kinds[0]; i++) {
        if (count >= own_kinds[i].count &&
            memcmp(head, own_kinds[i].bytes, own_kinds[i].count) == 0) {
            return own_kinds[i].what;
        }
    }
    const nmfi_foreign_kind *kind = nmfi_foreign_file(head, count, path);
    if (kind != NULL && strncmp(kind->is, "is ", 3) == 0) {
        return kind->is + 3;
    }
    return count == 0                  ? "an empty file"
           : nmfi_is_text(head, count) ? "text, such as a table"
                                       : "a file of another kind";
}
