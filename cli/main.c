/* The command `nmf`: the table of its commands, from which dispatch, help, manual page and
 * completion follow, and the exit codes: 0 done, 1 failed, 2 wrong usage. */
#include "args.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const cli_command cli_commands[] = {
    {"demo", CLI_DEMO, 0, 0, 0, "[-o DIR] [-k K] [--data FILE]",
     "learn parts of faces and draw them beside PCA's",
     "Needs no file and no network: it uses the Olivetti faces if 'nmf fetch olivetti' was run, "
     "else 400 "
     "generated faces. Learns 6 components with PCA and with NMF, prints errors and times, and "
     "writes "
     "galleries of the first faces, the components and the reconstructions, and both models.",
     "nmf demo\nnmf demo -o parts -k 16", "", cli_run_demo},
    {"fit", CLI_FIT, NMF_SCOPE_FIT, 1, -1, "DATA... -k K [-o MODEL.npz] [options]",
     "learn non-negative parts (NMF) and save the model",
     "DATA is an .npy, .npz, .mat, .csv or .tsv file (FILE:NAME chooses one array of several), a "
     "picture, a directory of pictures or a list of pictures; or sparse: .mtx, SciPy's .npz, .h5ad "
     "(FILE:layers/NAME chooses), cellranger's .h5 or folder, docword or SVMlight text. Rows are "
     "samples, and cells of .h5ad and cellranger's files. The model is an .npz that "
     "numpy.load opens; an older one of the same name is replaced. Ctrl-C stops the fit and keeps "
     "the "
     "best result so far; a second one ends the command at once.",
     "nmf fit faces.npy -k 6 --image-shape 64x64 --gallery parts.png\n"
     "nmf fit olivettifaces.mat -k 6 --transpose --image-shape 64x64 --image-order column",
     NULL, cli_run_fit},
    {"rank", CLI_RANK, NMF_SCOPE_SELECT, 1, -1, "DATA... [-k RANKS | --max-k N] [options]",
     "say how many components the data support, and how sure that is",
     "Entries are held out fold by fold, so that each fold takes its share of every row and "
     "column, and "
     "predicted by fits to the rest. The table says for each number of components k the error of "
     "the "
     "predictions with its standard error, how often k wins when rows and folds are drawn again, "
     "and "
     "whether the components of the fits are the same ones. Below it the answer in words: which k "
     "predict best and cannot be told apart, and which return. On real data these often differ, "
     "and "
     "then no single number is given. Without -k the ranks to try are found by themselves. Ctrl-C "
     "keeps what is known; --resume goes on from there.",
     "nmf rank counts.mtx --loss kl\nnmf rank faces.npy --max-k 100 --plot rank.png --json "
     "rank.json",
     NULL, cli_run_rank},
    {"consensus", CLI_CONSENSUS, NMF_SCOPE_FIT, 1, -1,
     "DATA... -k K [-o MODEL.npz] | --ks RANKS [options]",
     "learn the components that come back in many fits",
     "Fits from many random starts (and of perturbed data, with --perturb); components that lie "
     "far from "
     "their nearest neighbours are left out, the others clustered, and the model made of the "
     "medians: "
     "cNMF's definitions. Says for each component how many replicates have it and how well it can "
     "be told "
     "from the others. With --ks it prints a table of several numbers of components instead.",
     "nmf consensus counts.mtx --loss kl -k 9\nnmf consensus counts.npy --loss kl --ks 1:8 "
     "--perturb poisson --replicates 32",
     NULL, cli_run_consensus},
    {"pca", CLI_PCA, NMF_SCOPE_PCA, 1, -1, "DATA... -k K [-o MODEL.npz] [options]",
     "learn principal components and save the model",
     "The leading components of the centred data, to compare with NMF; data, model file and "
     "options are "
     "those of 'nmf fit'. Entries may be negative.",
     "nmf pca faces.npy -k 6 --whiten", NULL, cli_run_pca},
    {"transform", CLI_TRANSFORM, NMF_SCOPE_TRANSFORM, 2, -1, "MODEL DATA... -o W.npy [options]",
     "express new samples in a model's components",
     "One row of W for each sample; a row does not depend on the other rows. Options that are not "
     "given "
     "are those the model was fitted with.",
     "nmf transform faces.nmf.npz new.npy -o W.npy", NULL, cli_run_transform},
    {"reconstruct", CLI_RECONSTRUCT, 0, 1, 2, "MODEL [W.npy] -o X.npy",
     "turn weights back into data",
     "W H for the W of 'nmf transform', or for the model's own W; with PCA the mean is added.",
     "nmf reconstruct faces.nmf.npz -o pictures/", NULL, cli_run_reconstruct},
    {"gallery", CLI_GALLERY, 0, 1, -1, "MODEL|DATA... -o PICTURE [options]",
     "draw components or samples as a grid of pictures",
     "Draws a model's components, or the rows of DATA. Components that are no pictures are drawn "
     "as "
     "bars of their top features, with their names. With --reconstruct and --data it draws "
     "samples "
     "and below them what the model makes of them.",
     "nmf gallery faces.nmf.npz -o parts.png --grid 2x3 --title 'Parts of faces'\n"
     "nmf gallery faces.nmf.npz -o both.pdf --reconstruct 0,5,7 --data faces.npy --image-shape "
     "64x64",
     NULL, cli_run_gallery},
    {"top", CLI_TOP, 0, 1, 1, "MODEL [-n N] [--tsv] [--json FILE]",
     "print the top features of each component: topics as words",
     "For each component its features of largest weight, by name where the data had names, else by "
     "number; above them the component's share of all that the model explains. Columns on a "
     "terminal, tab-separated lines in a pipe.",
     "nmf top docs.nmf.npz\nnmf top docs.nmf.npz -n 20 --tsv > topics.tsv", NULL, cli_run_top},
    {"assign", CLI_ASSIGN, 0, 1, 2, "MODEL [W.npy] [--labels FILE] [-o FILE]",
     "print each sample's component shares and its main component",
     "A component's share in a sample is its weight times the size of the component (the norm of "
     "its "
     "row of H: Euclidean, or the sum for losses of counts), over the sum of these. For the "
     "model's own samples, or for the W of 'nmf transform'. Where the classes of the samples are "
     "known, in the data or with --labels, it says how well the main components agree with them: "
     "normalized mutual information, adjusted Rand index, and accuracy when each component stands "
     "for the class that suits it best.",
     "nmf assign docs.nmf.npz -o shares.tsv\nnmf assign docs.nmf.npz --labels classes.txt -o "
     "shares.npz",
     NULL, cli_run_assign},
    {"report", CLI_REPORT, 0, 1, 1,
     "MODEL [--data DATA] [--labels FILE] [--rank FILE] -o FILE.html",
     "make one page that shows what was learned and how far to trust it",
     "One HTML file that needs no network: a verdict in words, the components as pictures, words, "
     "curves, signatures or features, a sample taken apart with sliders, all samples at once, how "
     "the fit got there and where it came from. In English and Chinese, to read, print and send. "
     "With --data, which is read as 'nmf fit' reads it and weighted as the model's was, it shows "
     "originals and residuals, and PCA beside NMF.",
     "nmf report faces.nmf.npz --data faces.npy -o faces.html\n"
     "nmf report cells.nmf.npz --data cells.h5ad --labels types.txt -o cells.html --lang zh",
     NULL, cli_run_report},
    {"plot", CLI_PLOT, 0, 1, 1, "MODEL --curve|--shares|--similarity [--labels FILE] -o PICTURE",
     "draw a figure of a model for a paper",
     "--curve: the loss and the KKT residual against the passes over the data. --shares: what each "
     "sample is made of, grouped by labels where they are known. --similarity: how alike the "
     "components are, the cosines of the rows of H.",
     "nmf plot faces.nmf.npz --curve -o curve.pdf\n"
     "nmf plot cells.nmf.npz --shares --labels types.txt -o shares.svg",
     NULL, cli_run_plot},
    {"generate", CLI_GENERATE, 0, 1, 1, "faces|swimmer -o FILE [--seed SEED]",
     "write built-in data",
     "faces: 400 grey pictures of 64 x 64, 40 people in 10 variations each. swimmer: the 256 "
     "pictures of "
     "Donoho and Stodden (2003), whose 17 parts are known.",
     "nmf generate swimmer -o swimmer.npz", "faces swimmer", cli_run_generate},
    {"fetch", CLI_FETCH, 0, 1, 1, "olivetti [--from FILE] [-o FILE]",
     "download data, check it and keep it",
     "olivetti: 400 faces of AT&T Laboratories Cambridge, the file that scikit-learn's "
     "fetch_olivetti_faces downloads. An interrupted download goes on where it stopped.",
     "nmf fetch olivetti\nnmf fetch olivetti --from olivettifaces.mat", "olivetti", cli_run_fetch},
    {"convert", CLI_CONVERT, 0, 1, -1, "DATA... -o FILE [options]", "write data in another format",
     "Any format that is read to any that is written, by the extension of FILE; DIR/ is one PNG a "
     "row.",
     "nmf convert faces/ -o faces.npy\nnmf convert faces.npy -o faces/ --image-shape 64x64", NULL,
     cli_run_convert},
    {"info", CLI_INFO, 0, 0, -1, "[MODEL|DATA...]", "describe data, a model, or this program",
     "With a file, what it holds. Without, the version, the processor and the libraries in use, "
     "which "
     "belong into every report of a problem.",
     "nmf info\nnmf info faces.nmf.npz", NULL, cli_run_info},
    {"bench", CLI_BENCH, 0, 0, 3, "[limits] [pass] [scaling] [-o FILE.csv] [options]",
     "measure how near this machine's limits a pass runs",
     "limits: multiply-adds and reading, for one thread and for all; every other part measures "
     "them too. pass: one pass over generated data, for several ranks and types of storage. "
     "scaling: the time of a pass as samples, features and components grow. Without a part, all "
     "three, which takes minutes. The machine should have nothing else to do. "
     "NMFKIT_KERNELS=avx2 (or avx512, portable) measures other kernels.",
     "nmf bench limits\nnmf bench pass -k 16 --shape 50000x4096 --storage u8 -o pass.csv",
     "limits pass scaling", cli_run_bench},
    {"help", CLI_HELP, 0, 0, 1, "[COMMAND]", "explain the commands",
     "Also prints the manual pages and the completion scripts that are installed with the program.",
     "nmf help fit", "", cli_run_help},
    {NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL},
};

const cli_command *cli_command_find(const char *name)
{
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0) return command;
    return NULL;
}

int cli_fail(const cli_args *args, const nmf_error *error)
{
    fflush(stdout);
    fprintf(stderr, "nmf %s: %s\n", args->command->name, error->message);
    return error->status == NMF_ERROR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

static int goes_to_stdout(const char *path)
{
    return path != NULL && (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0);
}

void cli_say(const cli_args *args, const char *format, ...)
{
    if (args->quiet) return;
    FILE *const stream =
        goes_to_stdout(args->output) || goes_to_stdout(args->json) ? stderr : stdout;
    va_list values;
    va_start(values, format);
    vfprintf(stream, format, values);
    va_end(values);
    fputc('\n', stream);
}

static int fail_unknown_command(const char *name)
{
    cli_suggestion suggestion = {NULL, 0};
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
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

static int run_command(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (argc < 2) {
        fputs("nmf: a command is missing; 'nmf help' lists the commands\n", stderr);
        return CLI_USAGE;
    }
    if (strcmp(name, "--version") == 0) {
        printf("nmf %s\n", nmf_version());
        return CLI_DONE;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) name = "help";
    const cli_command *const command = cli_command_find(name);
    if (command == NULL) return fail_unknown_command(name);

    cli_args args;
    nmf_error error = {NMF_OK, ""};
    if (cli_parse(command, argc - 2, argv + 2, &args, &error) != NMF_OK)
        return cli_fail(&args, &error);
    if (args.help) {
        const char *const operand[] = {command->name, NULL};
        args.operands = operand;
        args.operand_count = command->bit == CLI_HELP ? 0 : 1;
        return cli_run_help(&args);
    }
    return command->run(&args);
}

int main(int argc, char **argv)
{
    /* A file-size limit then fails the write, with a sentence and without a leftover, like a full
     * disk. */
    signal(SIGXFSZ, SIG_IGN);
    const int code = run_command(argc, argv);
    if (fflush(stdout) != 0 && code == CLI_DONE) {
        fprintf(stderr, "nmf: cannot write to standard output: %s\n", strerror(errno));
        return CLI_FAILED;
    }
    return code;
}
