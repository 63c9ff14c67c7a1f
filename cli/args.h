/* The command line: which flags a command has, and how argv becomes cli_args. A flag is either the
 * library's (options.def, by scope) or the command's own (options.c); parser, help, manual and
 * completion all walk the same list with cli_flag_next. */
#ifndef NMF_CLI_ARGS_H
#define NMF_CLI_ARGS_H

#include "cli.h"

typedef enum cli_kind {
    CLI_KIND_TEXT,
    CLI_KIND_FILE, /* text, for which completion offers file names */
    CLI_KIND_FLAG, /* int, no value on the command line */
    CLI_KIND_INT,  /* int64_t between lowest and highest */
    CLI_KIND_NAME, /* int, the index in names */
    CLI_KIND_PAIR  /* int64_t[2], "2x3" */
} cli_kind;

/* A command's own option. The same flag may have several rows, with another help for other
 * commands. */
typedef struct cli_option {
    const char *flag;
    char letter; /* "-o"; 0: none */
    cli_kind kind;
    unsigned commands; /* CLI_* bits */
    size_t offset;     /* of the field in cli_args */
    const char *metavar;
    const char *help;
    const char *const *names; /* CLI_KIND_NAME: ended by NULL */
    int64_t lowest, highest;  /* CLI_KIND_INT, CLI_KIND_PAIR */
} cli_option;

extern const cli_option cli_own_options[]; /* ended by a row without a flag */

/* One flag of a command, wherever it is defined. */
typedef struct cli_flag {
    const char *flag;
    char letter;
    int takes_value, is_file;
    const char *help;
    char value[128];                /* "K", "auto|random|...", "" for a flag without */
    char standard[64];              /* the default as text; "" where there is none worth telling */
    const nmf_option_info *library; /* one of the two */
    int64_t library_index;
    const cli_option *own;
} cli_flag;

/* Steps through the flags of `command`: start with *cursor = 0; returns 0 after the last one. */
int cli_flag_next(const cli_command *command, int64_t *cursor, cli_flag *flag);

/* Fills `args` from the words after the command's name (argv is reordered: operands first).
 * Errors: ARGUMENT, one sentence. */
nmf_status cli_parse(const cli_command *command, int argc, char **argv, cli_args *args,
                     nmf_error *error);

/* Whether the library's option `flag` was given. */
int cli_was_given(const cli_args *args, const char *flag);

/* The candidate that someone who typed `word` probably meant: keep calling with each candidate;
 * `best` holds the closest so far (start with NULL). */
typedef struct cli_suggestion {
    const char *best;
    size_t distance;
} cli_suggestion;
void cli_suggest(const char *word, const char *candidate, cli_suggestion *suggestion);

/* The same where the candidate is another's word, and what is meant by it is to be suggested. */
void cli_suggest_for(const char *word, const char *candidate, const char *meant,
                     cli_suggestion *suggestion);

/* Adds "; did you mean kl?" to the sentence about a word, where there is one to suggest. */
void cli_add_suggestion(const cli_suggestion *suggestion, nmf_error *error);

/* The same for the words of a list, divided by blanks or commas; nothing where `word` is one of them. */
void cli_suggest_of(const char *list, const char *word, nmf_error *error);

/* The same for the words that the sentence itself lists, behind "must be". */
void cli_suggest_of_sentence(const char *word, nmf_error *error);

/* Numbers separated by commas, "0,5,7", as a new array the caller frees. Errors: ARGUMENT,
 * MEMORY. */
nmf_status cli_parse_numbers(const char *flag, const char *text, int64_t **numbers, int64_t *count,
                             nmf_error *error);

#endif
