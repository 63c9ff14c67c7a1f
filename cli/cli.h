/* What the files of the command `nmf` share: the table of commands, the parsed command line and the
 * exit codes. Adding a command is a bit below, a file cmd_NAME.c and a row of commands.def;
 * help, manual page and shell completion follow from the row. */
#ifndef NMF_CLI_H
#define NMF_CLI_H

#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* One bit a command, so that a row of the option table (options.c) can say whose option it is. */
enum {
    CLI_DEMO = 1 << 0,
    CLI_FIT = 1 << 1,
    CLI_PCA = 1 << 2,
    CLI_TRANSFORM = 1 << 3,
    CLI_RECONSTRUCT = 1 << 4,
    CLI_GALLERY = 1 << 5,
    CLI_GENERATE = 1 << 6,
    CLI_FETCH = 1 << 7,
    CLI_CONVERT = 1 << 8,
    CLI_INFO = 1 << 9,
    CLI_HELP = 1 << 10,
    CLI_BENCH = 1 << 11,
    CLI_TOP = 1 << 12,
    CLI_ASSIGN = 1 << 13,
    CLI_RANK = 1 << 14,
    CLI_CONSENSUS = 1 << 15,
    CLI_REPORT = 1 << 18,
    CLI_PLOT = 1 << 19
};

struct cli_args;

typedef struct cli_command {
    const char *name;
    unsigned bit;
    int scope;           /* NMF_SCOPE_* of the library's options it takes, 0: none */
    int least, most;     /* number of operands; most -1: any */
    const char *usage;   /* what follows "nmf NAME" */
    const char *summary; /* one line, for the list of commands */
    const char *text;    /* a paragraph, for its help and the manual */
    const char *example; /* command lines, one each line */
    const char *words;   /* operands that completion offers; NULL: file names */
    int (*run)(const struct cli_args *args); /* returns an exit code */
} cli_command;

/* The command line, parsed: the defaults where nothing was given. Strings lie in argv. */
typedef struct cli_args {
    const cli_command *commands; /* the table, ended by a row without a name */
    const cli_command *command;
    const char *const *operands;
    int64_t operand_count;
    int help; /* --help or -h was given, and nothing after it was looked at */

    nmf_options options; /* the library's options */
    uint64_t given;      /* bit i: row i of nmf_option_table() was given */

    int64_t image_shape[2];     /* how data is read; 0 x 0: from the file */
    int image_order, transpose; /* -1: not said, which is as the model says, or 0 */
    int64_t shuffle;            /* seed, -1: in the order of the file */
    int weighting; /* of convert and info: of nmf_weighting; of transform: 0 the model's, 1 none */
    const char *sample_names, *feature_names, *labels; /* files */
    const char *missing;                               /* a word or a file */
    const char *observed, *weights, *uncertainty, *row_weights, *column_weights; /* files */
    const char *format, *index, *delimiter, *comment, *feature_type; /* nmf_io_read_options */
    int header, decimal, is_long, first_index;
    int64_t features;

    const char *memory_limit; /* of convert, which is no fit */
    const char *output, *json, *gallery;
    const char *to; /* the format of what goes to standard output */
    const char *save_W, *save_H, *start_W, *start_H;
    const char *checkpoint, *every; /* of fit; with resume below */
    int stream;
    int64_t half_life;
    const char *fix_H, *fix_W, *keep_H;                /* files */
    const char *lower_W, *upper_W, *lower_H, *upper_H; /* numbers or files */
    int64_t free_components;
    int quiet, verbose, as_json;
    int64_t components; /* of demo */
    int demo_language;  /* 0 by the locale, 1 en, 2 zh */
    const char *data;

    int64_t grid[2]; /* of gallery; 0 x 0: chosen */
    const char *title, *rows, *reconstruct;
    int scale, colormap;
    int64_t pixel_size;

    int64_t seed; /* of generate */
    const char *from, *url, *sha256;
    int64_t count; /* of top */
    int tsv;
    int man, completion;

    const char *ranks, *plot; /* of rank and consensus; 0: the library's defaults */
    const char *resume;       /* of rank and fit */
    int64_t max_k, folds, repeats, starts, replicates;
    const char *density, *neighborhood; /* numbers */
    int perturb, like;
    const char *rank_file, *kind;  /* of report */
    int language;                  /* 0 en, 1 zh */
    int64_t most_samples;          /* 0: chosen */
    int curve, shares, similarity; /* of plot */

    int64_t shape[2], rank; /* of bench and generate; 0: the standard ones */
    int storage, loss, quick;
} cli_args;

/* "nmf fit: <sentence>" on stderr; returns the exit code for the error's status. */
int cli_fail(const cli_args *args, const nmf_error *error);

/* A line for people: stdout, unless --quiet. Where the output itself or --json goes to stdout, the
 * line goes to stderr, so that what a program reads there is not mixed with words. */
void cli_say(const cli_args *args, const char *format, ...) NMF_PRINTF(2, 3);

/* "-" or /dev/stdout; NULL is not. */
int cli_goes_to_stdout(const char *path);

int cli_run_demo(const cli_args *args);
int cli_run_fit(const cli_args *args);
int cli_run_pca(const cli_args *args);
int cli_run_transform(const cli_args *args);
int cli_run_reconstruct(const cli_args *args);
int cli_run_gallery(const cli_args *args);
int cli_run_generate(const cli_args *args);
int cli_run_fetch(const cli_args *args);
int cli_run_convert(const cli_args *args);
int cli_run_info(const cli_args *args);
int cli_run_bench(const cli_args *args);
int cli_run_top(const cli_args *args);
int cli_run_assign(const cli_args *args);
int cli_run_consensus(const cli_args *args);
int cli_run_rank(const cli_args *args);
int cli_run_report(const cli_args *args);
int cli_run_plot(const cli_args *args);
int cli_run_help(const cli_args *args);

#endif
