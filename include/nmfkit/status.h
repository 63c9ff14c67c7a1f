/* Status codes, the error record and the export marks every public header shares.
 *
 * Every function that can fail returns an nmf_status and must be checked; its last argument is an
 * nmf_error that receives the code and one sentence with the offending value, its place and the
 * limit. The library never prints, exits, aborts or touches signals. */
#ifndef NMFKIT_STATUS_H
#define NMFKIT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NMF_API __attribute__((visibility("default")))
#define NMF_MUST_CHECK __attribute__((warn_unused_result))
#define NMF_PRINTF(format_index, first_argument) \
    __attribute__((format(printf, format_index, first_argument)))
#else
#define NMF_API
#define NMF_MUST_CHECK
#define NMF_PRINTF(format_index, first_argument)
#endif

/* Frozen: a code never changes its number; new ones go at the end. */
typedef enum nmf_status {
    NMF_OK = 0,
    NMF_ERROR_ARGUMENT = 1, /* an option or argument outside its range */
    NMF_ERROR_SHAPE = 2,    /* shapes that do not fit each other */
    NMF_ERROR_DATA = 3,   /* entries that cannot be factorized: negative, NaN, infinite, all zero */
    NMF_ERROR_MEMORY = 4, /* an allocation failed or the stated limit would be passed */
    NMF_ERROR_FILE = 5,   /* the operating system refused: missing, unreadable, disk full */
    NMF_ERROR_FORMAT = 6, /* the file's content is not what its format says */
    NMF_ERROR_UNSUPPORTED = 7, /* valid, but not something this build or version does */
    NMF_ERROR_NUMERICAL = 8,   /* an SVD did not converge, or a fit left its range */
    NMF_ERROR_NETWORK = 9,     /* a download failed */
    NMF_ERROR_INTERRUPTED = 10, /* the caller's callback asked to stop before there was a result */
    NMF_ERROR_TIME_LIMIT = 11   /* the time limit was over before there was a result */
} nmf_status;

#define NMF_MESSAGE_BYTES 512

typedef struct nmf_error {
    nmf_status status;
    char message
        [NMF_MESSAGE_BYTES]; /* UTF-8, one sentence, no line break; "" while status is NMF_OK */
} nmf_error;

/* The code's name: "argument", "shape", ... ; a static string, never NULL. Thread-safe. */
NMF_API const char *nmf_status_name(nmf_status status);

/* Fills `error` (which may be NULL) and returns `status`, so that a caller writes
 * `return nmf_fail(error, NMF_ERROR_SHAPE, "...", ...)`. A message too long is cut at a UTF-8
 * character's border. For libraries built on nmfkit; thread-safe for distinct errors. */
NMF_API nmf_status nmf_fail(nmf_error *error, nmf_status status, const char *format, ...)
    NMF_PRINTF(3, 4);

/* The library's version, "0.2.0"; a static string. */
NMF_API const char *nmf_version(void);

#ifdef __cplusplus
}
#endif
#endif
