/* From argv to cli_args: long options "--flag VALUE" and "--flag=VALUE", letters "-k 6" and "-k6",
 * "--" ends the options, everything else is an operand. Every mistake is one sentence. */
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- the flags of a command ---- */

static void join_names(const char *const *names, int64_t count, const char *between, char *text,
                       size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < count && used < bytes; i++) {
        const int written =
            snprintf(text + used, bytes - used, "%s%s", i > 0 ? between : "", names[i]);
        used += written > 0 ? (size_t)written : 0;
    }
}

static void describe_library_option(const nmf_option_info *option, cli_flag *flag)
{
    const nmf_options defaults = NMF_OPTIONS_INIT;
    const int is_k = strcmp(option->field, "k") == 0;
    flag->flag = option->flag;
    flag->letter = is_k ? 'k' : '\0';
    flag->takes_value = option->kind != NMF_OPTION_KIND_FLAG;
    flag->help = option->help;
    flag->library = option;
    if (option->kind == NMF_OPTION_KIND_ENUM)
        join_names(option->names, option->name_count, "|", flag->value, sizeof flag->value);
    else if (flag->takes_value)
        snprintf(flag->value, sizeof flag->value, "%s", option->metavar);
    const int says_it = strstr(option->help, "; default: ") != NULL; /* in words */
    if (flag->takes_value && !is_k && !says_it)
        nmf_option_get(&defaults, option, flag->standard, sizeof flag->standard);
}

static void describe_own_option(const cli_option *option, cli_flag *flag)
{
    flag->flag = option->flag;
    flag->letter = option->letter;
    flag->takes_value = option->kind != CLI_KIND_FLAG;
    flag->is_file = option->kind == CLI_KIND_FILE;
    flag->help = option->help;
    flag->own = option;
    if (option->kind == CLI_KIND_NAME) {
        int64_t count = 0;
        while (option->names[count] != NULL) count++;
        join_names(option->names, count, "|", flag->value, sizeof flag->value);
        snprintf(flag->standard, sizeof flag->standard, "%s", option->names[0]);
    } else if (flag->takes_value) {
        snprintf(flag->value, sizeof flag->value, "%s", option->metavar);
    }
}

int cli_flag_next(const cli_command *command, int64_t *cursor, cli_flag *flag)
{
    int64_t library_count = 0;
    const nmf_option_info *const library = nmf_option_table(&library_count);
    memset(flag, 0, sizeof *flag);
    for (; *cursor < library_count; ++*cursor) {
        if ((library[*cursor].scope & command->scope) != 0) {
            flag->library_index = *cursor;
            describe_library_option(&library[(*cursor)++], flag);
            return 1;
        }
    }
    for (; cli_own_options[*cursor - library_count].flag != NULL; ++*cursor) {
        const cli_option *const own = &cli_own_options[*cursor - library_count];
        if ((own->commands & command->bit) != 0) {
            describe_own_option(own, flag);
            ++*cursor;
            return 1;
        }
    }
    return 0;
}

/* ---- values ---- */

static nmf_status parse_int(const char *text, int64_t *value, const char **end)
{
    char *stop = NULL;
    errno = 0;
    const long long number = strtoll(text, &stop, 10);
    /* strtoll would also take "", " 6" and "+6". */
    const int begins_well = (text[0] >= '0' && text[0] <= '9') || text[0] == '-';
    *end = stop;
    *value = number;
    return stop == text || !begins_well || errno != 0 ? NMF_ERROR_ARGUMENT : NMF_OK;
}

static nmf_status set_int(const cli_option *option, const char *text, int64_t *value,
                          nmf_error *error)
{
    const char *end = text;
    int64_t number = 0;
    if (parse_int(text, &number, &end) != NMF_OK || *end != '\0')
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be an integer", option->flag,
                        text);
    if (number < option->lowest || number > option->highest)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be an integer from %lld to %lld",
                        option->flag, text, (long long)option->lowest, (long long)option->highest);
    *value = number;
    return NMF_OK;
}

static nmf_status set_pair(const cli_option *option, const char *text, int64_t *pair,
                           nmf_error *error)
{
    const char *end = text;
    int64_t first = 0, second = 0;
    const int parsed = parse_int(text, &first, &end) == NMF_OK && *end == 'x' &&
                       parse_int(end + 1, &second, &end) == NMF_OK && *end == '\0';
    if (!parsed || first < option->lowest || second < option->lowest || first > option->highest ||
        second > option->highest)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s = %s: must be two integers from %lld to %lld, %s, such as 2x3",
                        option->flag, text, (long long)option->lowest, (long long)option->highest,
                        option->metavar);
    pair[0] = first;
    pair[1] = second;
    return NMF_OK;
}

/* To the sentence about a value that the library did not take: the nearest of the words that it takes. */
static void suggest_value(const nmf_option_info *option, const char *text, nmf_error *error)
{
    cli_suggestion suggestion = {NULL, 0};
    const char *ours, *theirs;
    for (int64_t i = 0; i < option->name_count; i++)
        cli_suggest(text, option->names[i], &suggestion);
    for (int64_t i = 0; (theirs = nmf_option_other_word(option, i, &ours)) != NULL; i++)
        cli_suggest_for(text, theirs, ours, &suggestion);
    if (strstr(error->message, "must be auto, off or") != NULL) {
        cli_suggest(text, "auto", &suggestion);
        cli_suggest(text, "off", &suggestion);
    }
    cli_add_suggestion(&suggestion, error);
}

static nmf_status set_name(const cli_option *option, const char *text, int *value, nmf_error *error)
{
    char all[128];
    int count = 0;
    for (; option->names[count] != NULL; count++) {
        if (strcasecmp(option->names[count], text) == 0) {
            *value = count;
            return NMF_OK;
        }
    }
    join_names(option->names, count, ", ", all, sizeof all);
    const nmf_status status =
        nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be one of %s", option->flag, text, all);
    cli_suggest_of(all, text, error);
    return status;
}

/* "--transpose", "--transpose=yes" and "--transpose=no". */
static nmf_status set_own_flag(const cli_option *option, const char *text, int *value,
                               nmf_error *error)
{
    if (text != NULL && strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be yes or no, or stand alone",
                        option->flag, text);
    *value = text == NULL || strcmp(text, "yes") == 0;
    return NMF_OK;
}

static nmf_status set_own(const cli_option *option, const char *text, cli_args *args,
                          nmf_error *error)
{
    void *const field = (char *)args + option->offset;
    switch (option->kind) {
    case CLI_KIND_FLAG: return set_own_flag(option, text, field, error);
    case CLI_KIND_INT: return set_int(option, text, field, error);
    case CLI_KIND_NAME: return set_name(option, text, field, error);
    case CLI_KIND_PAIR: return set_pair(option, text, field, error);
    case CLI_KIND_TEXT:
    case CLI_KIND_FILE: break;
    }
    *(const char **)field = text;
    return NMF_OK;
}

/* "--loss beta=0.5" sets two options with one word. */
static nmf_status set_beta(const char *text, cli_args *args, nmf_error *error)
{
    int64_t count = 0;
    const nmf_option_info *const library = nmf_option_table(&count);
    args->options.loss = NMF_LOSS_BETA;
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(library[i].field, "beta") != 0) continue;
        args->given |= UINT64_C(1) << i;
        return nmf_option_set(&args->options, &library[i], text, error);
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "this version has no option --beta");
}

int cli_was_given(const cli_args *args, const char *flag)
{
    int64_t count = 0;
    const nmf_option_info *const library = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (strcmp(library[i].flag, flag) == 0 && (args->given >> i & 1)) return 1;
    return 0;
}

/* Where an empty word says something: no heading, no comments, the column that has no name. */
static int may_be_empty(const cli_flag *flag)
{
    static const char *const flags[] = {"title", "comment", "index"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flag->own != NULL && strcmp(flag->flag, flags[i]) == 0) return 1;
    return 0;
}

static nmf_status set_flag(const cli_flag *flag, const char *text, cli_args *args, nmf_error *error)
{
    if (text != NULL && text[0] == '\0' && !may_be_empty(flag))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "--%s needs a %s, not an empty word", flag->flag,
                        flag->is_file ? "file name" : "value");
    if (flag->own != NULL) return set_own(flag->own, text, args, error);
    args->given |= UINT64_C(1) << flag->library_index;
    if (strcmp(flag->flag, "loss") == 0 && text != NULL && strncmp(text, "beta=", 5) == 0)
        return set_beta(text + 5, args, error);
    const nmf_status status =
        nmf_option_set(&args->options, flag->library, text != NULL ? text : "yes", error);
    if (status != NMF_OK && text != NULL) suggest_value(flag->library, text, error);
    return status;
}

nmf_status cli_parse_numbers(const char *flag, const char *text, int64_t **numbers, int64_t *count,
                             nmf_error *error)
{
    size_t most = 1;
    for (const char *c = text; *c != '\0'; c++) most += *c == ',';
    *count = 0;
    *numbers = malloc(most * sizeof **numbers);
    if (*numbers == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %zu numbers", most);
    for (const char *rest = text;; rest++) {
        int64_t number = 0;
        if (parse_int(rest, &number, &rest) != NMF_OK || number < 0 ||
            (*rest != ',' && *rest != '\0')) {
            free(*numbers);
            *numbers = NULL;
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "%s = %s: must be row numbers from 0 on, separated by commas", flag,
                            text);
        }
        (*numbers)[(*count)++] = number;
        if (*rest == '\0') return NMF_OK;
    }
}

/* ---- the command line ---- */

static nmf_status fail_unknown(const cli_command *command, const char *word, size_t length,
                               nmf_error *error)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
             word);
    cli_suggestion suggestion = {NULL, 0};
    cli_flag flag;
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
        cli_suggest(name, flag.flag, &suggestion);
    cli_suggest(name, "help", &suggestion);
    if (suggestion.best != NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "unknown option --%s; did you mean --%s?", name,
                        suggestion.best);
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "unknown option --%s; 'nmf %s --help' lists the options", name, command->name);
}

static int find_flag(const cli_command *command, const char *name, size_t length, char letter,
                     cli_flag *flag)
{
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, flag);) {
        if (name == NULL ? flag->letter == letter
                         : strlen(flag->flag) == length && memcmp(flag->flag, name, length) == 0)
            return 1;
    }
    return 0;
}

/* One option at argv[0]; *used is how many words it took. */
static nmf_status parse_option(int argc, char **argv, int *used, cli_args *args, nmf_error *error)
{
    const char *const word = argv[0];
    const int is_long = word[1] == '-';
    const char *const equals = is_long ? strchr(word, '=') : NULL;
    const size_t length = is_long ? (equals ? (size_t)(equals - word) : strlen(word)) - 2 : 0;
    const char *value = equals != NULL ? equals + 1 : NULL;
    cli_flag flag;

    *used = 1;
    if (!find_flag(args->command, is_long ? word + 2 : NULL, length, word[1], &flag)) {
        if (is_long) return fail_unknown(args->command, word + 2, length, error);
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "unknown option %.2s; 'nmf %s --help' lists the options", word,
                        args->command->name);
    }
    if (!is_long && word[2] != '\0') value = word + 2;
    if (flag.takes_value && value == NULL) {
        /* "--init --tol 1e-3": the value was forgotten; a value that does begin so needs the
         * '='. */
        if (argc < 2 || strncmp(argv[1], "--", 2) == 0)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s needs a value: %s", word, flag.value);
        value = argv[1];
        *used = 2;
    }
    return set_flag(&flag, value, args, error);
}

/* The usage line begins with the operands: the first one that is missing is the word of its
 * number. */
static nmf_status fail_missing_operand(const cli_args *args, nmf_error *error)
{
    const char *word = args->command->usage;
    for (int64_t i = 0; i < args->operand_count; i++) {
        word += strcspn(word, " ");
        word += strspn(word, " ");
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%.*s is missing; usage: nmf %s %s",
                    (int)strcspn(word, " ."), word, args->command->name, args->command->usage);
}

static nmf_status check_operand_count(const cli_args *args, nmf_error *error)
{
    const cli_command *const command = args->command;
    if (args->operand_count < command->least) return fail_missing_operand(args, error);
    if (command->most >= 0 && args->operand_count > command->most)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "'%s' is one argument too many; usage: nmf %s %s",
                        args->operands[command->most], command->name, command->usage);
    return NMF_OK;
}

nmf_status cli_parse(const cli_command *command, int argc, char **argv, cli_args *args,
                     nmf_error *error)
{
    const cli_args defaults = {.command = command,
                               .operands = (const char *const *)argv,
                               .options = NMF_OPTIONS_INIT,
                               .shuffle = -1,
                               .transpose = -1,
                               .image_order = -1,
                               .components = 6,
                               .count = 10};
    *args = defaults;
    int only_operands = 0;
    for (int i = 0, used = 1; i < argc; i += used) {
        char *const word = argv[i];
        used = 1;
        if (only_operands || word[0] != '-' || word[1] == '\0') {
            /* argv[operand_count] was read already: operand_count <= i. */
            argv[args->operand_count++] = word;
        } else if (strcmp(word, "--") == 0) {
            only_operands = 1;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            args->help = 1;
            return NMF_OK;
        } else {
            const nmf_status status = parse_option(argc - i, argv + i, &used, args, error);
            if (status != NMF_OK) return status;
        }
    }
    static const char *const losses[] = {NMF_LOSS_NAMES};
    if (cli_was_given(args, "beta") && args->options.loss != NMF_LOSS_BETA)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--beta is the exponent of --loss beta, and the loss is %s",
                        losses[args->options.loss]);
    return check_operand_count(args, error);
}
