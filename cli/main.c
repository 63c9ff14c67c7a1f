/* The command `nmf`: the table of its commands (commands.def) and what is done with a word that
 * follows it. Exit codes: 0 done, 1 failed, 2 wrong usage. */
#include "args.h"
#include "help.h"
#include "interrupt.h"
#include "streams.h"
#include "together.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static const cli_command commands[] = {
#define CLI_COMMAND(name, bit, scope, least, most, usage, summary, text, example, words, run) \
    {name, bit, scope, least, most, usage, summary, text, example, words, run},
#include "commands.def"
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL},
};

/* What several processes do together; anything else the first one does alone. */
enum { SHARED = CLI_FIT | CLI_PCA | CLI_TRANSFORM | CLI_RANK | CLI_CONSENSUS };

static int fail_unknown_command(const char *name)
{
    cli_suggestion suggestion = {NULL, 0};
    for (const cli_command *command = commands; command->name != NULL; command++)
        cli_suggest(name, command->name, &suggestion);
    cli_suggest(name, "--version", &suggestion);
    cli_suggest(name, "--help", &suggestion);
    const char *const what = name[0] == '-' ? "option" : "command";
    if (suggestion.best != NULL)
        fprintf(stderr, "nmf: unknown %s %s; did you mean 'nmf %s'?\n", what, name,
                suggestion.best);
    else
        fprintf(stderr, "nmf: unknown %s %s; 'nmf help' lists the commands\n", what, name);
    return CLI_USAGE;
}

/* The first process says it for all, and its end is theirs. One that is still there after some seconds is alone
 * with its reason. */
static int fail_to_join(const cli_args *args, const nmf_error *error)
{
    const struct timespec patience = {.tv_sec = 3};
    if (!cli_together_speaks()) {
        nanosleep(&patience, NULL);
        fprintf(stderr, "nmf %s: %s\n", args->command->name, error->message);
    }
    return cli_fail(args, error);
}

/* OpenBLAS starts threads of its own when it is loaded, of which none is used here, and each wants memory (128 MB in
 * x86's), asks for it for ever where a limit of the process leaves too little, and is waited for at the end. What it
 * starts it asks the environment, before anything of this program has run: so once more from the beginning. */
static void do_without_threads_of_the_blas(char **argv)
{
    struct rlimit of_data, of_addresses;
    if (getrlimit(RLIMIT_DATA, &of_data) != 0 || getrlimit(RLIMIT_AS, &of_addresses) != 0) return;
    if (of_data.rlim_cur == RLIM_INFINITY && of_addresses.rlim_cur == RLIM_INFINITY) return;
    if (getenv("OPENBLAS_NUM_THREADS") != NULL || setenv("OPENBLAS_NUM_THREADS", "1", 0) != 0)
        return;
    (void)execv("/proc/self/exe", argv); /* where that fails, it goes on as it is */
}

static int run_command(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (!cli_together_speaks() && (argc < 2 || cli_command_find(commands, name) == NULL))
        return CLI_DONE; /* the first process says what is wrong, or the version */
    if (argc < 2) {
        fputs("nmf: a command is missing; 'nmf help' lists the commands\n", stderr);
        return CLI_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("nmf %s\n", nmf_version());
        return CLI_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    const cli_command *const command = cli_command_find(commands, name);
    if (command == NULL) return fail_unknown_command(name);

    cli_args args;
    nmf_error error = {NMF_OK, ""};
    nmf_status status = cli_parse(command, argc - 2, argv + 2, &args, &error);
    args.commands = commands;
    /* Trap: one that fails at once has the launcher end the first before it has said why. */
    if (!cli_together_speaks() && (status != NMF_OK || args.help)) return CLI_DONE;
    if (status != NMF_OK) return cli_fail(&args, &error);
    if (args.help) {
        const char *const operand[] = {command->name, NULL};
        args.operands = operand;
        args.operand_count = command->bit == CLI_HELP ? 0 : 1;
        return cli_run_help(&args);
    }
    if (command->bit & SHARED) status = cli_together_join(&error);
    if (status != NMF_OK) return fail_to_join(&args, &error);
    if (command->bit & SHARED) status = cli_together_same(command->bit, "commands", &error);
    if (status != NMF_OK) return cli_fail(&args, &error);
    if (!cli_together_speaks()) { /* the first process says it for all */
        if (!(command->bit & SHARED)) return CLI_DONE;
        args.quiet = 1;
        args.verbose = 0;
    }
    if (cli_take_streams(&args, &error) != NMF_OK) return cli_fail(&args, &error);
    return command->run(&args);
}

int main(int argc, char **argv)
{
    do_without_threads_of_the_blas(argv);
    /* A file-size limit then fails the write, with a sentence and without a leftover, like a full
     * disk. */
    signal(SIGXFSZ, SIG_IGN);
    cli_interrupt_begin();
    int code = run_command(argc, argv);
    if (fflush(stdout) != 0 && code == CLI_DONE) {
        fprintf(stderr, "nmf: cannot write to standard output: %s\n", strerror(errno));
        code = CLI_FAILED;
    }
    cli_together_end(&code);
    return code;
}
