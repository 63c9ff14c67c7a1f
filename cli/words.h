/* Text that is put together piece by piece: tables for terminals, tab-separated lines, JSON. Names
 * come from files of strangers: what a terminal or a table could misread in them is replaced. */
#ifndef NMF_CLI_WORDS_H
#define NMF_CLI_WORDS_H

#include "cli.h"

typedef struct cli_text {
    char *bytes; /* ended by a zero; free() it */
    size_t used, capacity;
    int failed; /* memory was out; what follows is left out */
} cli_text;

void cli_text_add(cli_text *text, const char *format, ...) NMF_PRINTF(2, 3);

/* `name`, with '?' for each control character. */
void cli_text_add_name(cli_text *text, const char *name);

/* A cell of a table whose cells are divided by `divider`: in quotes where a comma asks for them. */
void cli_text_add_cell(cli_text *text, const char *name, char divider);

/* The same, filled with blanks or cut to `columns` columns of a terminal. */
void cli_text_add_padded(cli_text *text, const char *name, int64_t columns);

/* A JSON string, in quotes. */
void cli_text_add_json(cli_text *text, const char *string);

/* Columns of a terminal that `name` takes (2 for the wide characters of East Asia). */
int64_t cli_text_columns(const char *name);

/* The text to standard output ("-" or NULL) or a file, which is then complete or not there; frees
 * the text. Errors: FILE, MEMORY. */
nmf_status cli_text_write(cli_text *text, const char *path, nmf_error *error);

/* Name number `index`, or the number itself, in `number`. */
const char *cli_name_or_number(const nmf_matrix *matrix, nmf_names which, int64_t index,
                               char number[24]);

#endif
