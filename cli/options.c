/* The table of the commands' own options: each row is one flag of the commands in its mask. The
 * options of the arithmetic are not here but in <nmfkit/options.def>. */
#include "args.h"

#include <nmfkit/render.h>

#define FIELD(name) offsetof(cli_args, name)
#define NO_BOUNDS NULL, 0, 0
#define FITS (CLI_FIT | CLI_PCA)
#define READS_DATA \
    (FITS | CLI_RANK | CLI_CONSENSUS | CLI_DEMO | CLI_TRANSFORM | CLI_GALLERY | CLI_CONVERT | \
     CLI_INFO | CLI_REPORT)
#define WRITES (FITS | CLI_TRANSFORM | CLI_RECONSTRUCT | CLI_GALLERY | CLI_GENERATE | CLI_CONVERT)
#define WEIGHS (CLI_FIT | CLI_TRANSFORM | CLI_RANK | CLI_REPORT)
#define LARGEST_SIDE 1000000

static const char *const orders[] = {"row", "column", NULL};
static const char *const headers[] = {"auto", "yes", "no", NULL};
static const char *const decimals[] = {"auto", ".", ",", NULL};
static const char *const first_indices[] = {"auto", "0", "1", NULL};
static const char *const storages[] = {"all", "f32", "u8", "u16", "f64", NULL};
static const char *const weightings[] = {NMF_WEIGHTING_NAMES, NULL};
static const char *const weightings_of_model[] = {"model", "none", NULL};
static const char *const languages[] = {"en", "zh", NULL};
static const char *const losses[] = {"frobenius", "kl", NULL};
static const char *const demo_languages[] = {"auto", "en", "zh", NULL};
static const char *const shells[] = {"none", "bash", "zsh", "fish", NULL};
static const char *const perturbations[] = {NMF_PERTURBATION_NAMES, NULL};
static const char *const likes[] = {"nmfkit", "cnmf", "sigprofiler", NULL};
static const char *const scales[] = {NMF_RENDER_SCALE_NAMES, NULL};
static const char *const colormaps[] = {NMF_RENDER_COLORMAP_NAMES, NULL};

const cli_option cli_own_options[] = {
    {"output", 'o', CLI_KIND_FILE, FITS, FIELD(output), "MODEL.npz",
     "where the model goes; default: the data's name with .nmf.npz or .pca.npz, in the current "
     "directory",
     NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, WRITES & ~(FITS | CLI_GALLERY), FIELD(output), "FILE",
     "where the matrix goes: .npy .npz .mtx .mat .csv .tsv (.csv.gz, .npy.xz, .mtx.zst, ...), DIR/ "
     "for one "
     "picture a row, or - for standard output (required)",
     NO_BOUNDS},
    {"to", 0, CLI_KIND_TEXT, WRITES & ~(FITS | CLI_GALLERY), FIELD(to), "FORMAT",
     "the format on standard output: csv, tsv, npy, npz, mtx or mat; default: csv", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_GALLERY, FIELD(output), "PICTURE",
     "where the gallery goes: .png, .svg or .pdf (required)", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_DEMO, FIELD(output), "DIR",
     "where the pictures and models go; default: nmf-demo", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_FETCH, FIELD(output), "FILE",
     "where the data goes; default: olivetti.npz in the cache, where nmf demo finds it", NO_BOUNDS},

    {"shape", 0, CLI_KIND_PAIR, CLI_GENERATE, FIELD(shape), "SAMPLESxFEATURES",
     "shape of parts; default: 1000x1024", NULL, 1, INT32_MAX},
    {"components", 'k', CLI_KIND_INT, CLI_GENERATE, FIELD(rank), "K",
     "number of parts; default: 24", NULL, 1, 100000},
    {"components", 'k', CLI_KIND_INT, CLI_DEMO, FIELD(components), "K",
     "number of components; default: 6", NULL, 1, 1000},
    {"data", 0, CLI_KIND_FILE, CLI_DEMO, FIELD(data), "FILE",
     "pictures to use; default: the Olivetti faces if they were fetched, else generated faces",
     NO_BOUNDS},

    {"lang", 0, CLI_KIND_NAME, CLI_DEMO, FIELD(demo_language), NULL,
     "language of the lines and the pictures' titles; auto is Chinese in a Chinese locale, else "
     "English",
     demo_languages, 0, 0},
    {"components", 'k', CLI_KIND_TEXT, CLI_RANK, FIELD(ranks), "RANKS",
     "numbers of components to try, such as 2:20 or 2,3,5, and 1 beside them; default: found by "
     "themselves",
     NO_BOUNDS},
    {"ks", 0, CLI_KIND_TEXT, CLI_CONSENSUS, FIELD(ranks), "RANKS",
     "instead of -k: a table of these numbers of components, such as 2:10", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_CONSENSUS, FIELD(output), "MODEL.npz",
     "where the model goes; default: the data's name with .consensus.nmf.npz", NO_BOUNDS},
    {"replicates", 0, CLI_KIND_INT, CLI_CONSENSUS, FIELD(replicates), "N",
     "fits to compare; default: 100", NULL, 2, 1000000},
    {"perturb", 0, CLI_KIND_NAME, CLI_CONSENSUS, FIELD(perturb), NULL,
     "what differs between replicates: starts alone, or counts drawn from Poisson distributions, "
     "samples drawn with replacement, entries times 0.97 to 1.03, or each lacks a fold of the "
     "entries, as with nmf rank",
     perturbations, 0, 0},
    {"density-threshold", 0, CLI_KIND_TEXT, CLI_CONSENSUS, FIELD(density), "D",
     "leave components out whose mean distance to their neighbours is not below D; default: 0.5; 2 "
     "keeps all",
     NO_BOUNDS},
    {"neighborhood", 0, CLI_KIND_TEXT, CLI_CONSENSUS, FIELD(neighborhood), "SHARE",
     "a component's neighbours, as a share of the replicates; default: 0.3", NO_BOUNDS},
    {"like", 0, CLI_KIND_NAME, CLI_CONSENSUS, FIELD(like), NULL,
     "also write cNMF's files: spectra, usages, gene_spectra_tpm, gene_spectra_score; or "
     "SigProfilerExtractor's table of stability, All_solutions_stat.csv, for -k or --ks",
     likes, 0, 0},
    {"max-k", 0, CLI_KIND_INT, CLI_RANK, FIELD(max_k), "N",
     "the largest number of components to try; default: 64, or what the shape allows", NULL, 1,
     100000},
    {"folds", 0, CLI_KIND_INT, CLI_RANK, FIELD(folds), "N",
     "folds to divide the entries into; default: 10", NULL, 2, 1000},
    {"repeats", 0, CLI_KIND_INT, CLI_RANK, FIELD(repeats), "N",
     "how many of the folds are held out, one after the other; default: 5", NULL, 2, 1000},
    {"starts", 0, CLI_KIND_INT, CLI_RANK, FIELD(starts), "N",
     "random starts of each fit, of which the best is gone on with; default: 3", NULL, 1, 1000},
    {"plot", 0, CLI_KIND_FILE, CLI_RANK, FIELD(plot), "PICTURE",
     "draw the held-out error with its bars, and the stability below it: .png, .svg or .pdf",
     NO_BOUNDS},
    {"resume", 0, CLI_KIND_FILE, CLI_RANK, FIELD(resume), "RANK.json",
     "go on from an earlier --json of the same question: what it knows is not fitted again",
     NO_BOUNDS},

    {"save-W", 0, CLI_KIND_FILE, FITS, FIELD(save_W), "FILE", "also write W to a file of its own",
     NO_BOUNDS},
    {"save-H", 0, CLI_KIND_FILE, FITS, FIELD(save_H), "FILE", "also write H to a file of its own",
     NO_BOUNDS},
    {"start-W", 0, CLI_KIND_FILE, CLI_FIT, FIELD(start_W), "FILE",
     "start from this W (samples x k); implies --init custom", NO_BOUNDS},
    {"start-H", 0, CLI_KIND_FILE, CLI_FIT, FIELD(start_H), "FILE",
     "start from this H (k x features); implies --init custom", NO_BOUNDS},
    {"stream", 0, CLI_KIND_FLAG, CLI_FIT, FIELD(stream), NULL,
     "learn from the rows of DATA one after the other, each seen once: .npy or lines of numbers, - "
     "is "
     "standard input. The model has no W",
     NO_BOUNDS},
    {"half-life", 0, CLI_KIND_INT, CLI_FIT, FIELD(half_life), "ROWS",
     "with --stream: after so many rows what was learned from one counts half; default: all count "
     "alike",
     NULL, 1, INT64_MAX},
    {"checkpoint", 0, CLI_KIND_FILE, CLI_FIT, FIELD(checkpoint), "FILE",
     "keep there where the fit stands, now and then and when a signal comes (SIGTERM and SIGHUP, "
     "which then end it, SIGUSR1, after which it goes on); the file goes with the end of the fit",
     NO_BOUNDS},
    {"every", 0, CLI_KIND_TEXT, CLI_FIT, FIELD(every), "TIME",
     "how often, such as 60s, 5m or 1h; default: 60s", NO_BOUNDS},
    {"resume", 0, CLI_KIND_FILE, CLI_FIT, FIELD(resume), "FILE",
     "go on from this checkpoint, with the same data and options, to the very result that the fit "
     "would have had; it is kept up to date, unless --checkpoint names another file. Where both "
     "name the same one, it need not be there yet",
     NO_BOUNDS},
    {"fix-H", 0, CLI_KIND_FILE, CLI_FIT, FIELD(fix_H), "FILE",
     "components that are known (rows, or columns where their features run down), matched by "
     "feature names; they "
     "stay as they are, and more are learned by --free or -k",
     NO_BOUNDS},
    {"free", 0, CLI_KIND_INT, CLI_FIT, FIELD(free_components), "N",
     "components to learn beside the known ones; default: none, or as many as -k leaves", NULL, 1,
     1000000},
    {"keep-H", 0, CLI_KIND_FILE, CLI_FIT, FIELD(keep_H), "FILE",
     "which entries of --fix-H are known, of its shape: 0 is learned", NO_BOUNDS},
    {"fix-W", 0, CLI_KIND_FILE, CLI_FIT, FIELD(fix_W), "FILE",
     "the first columns of W, which are known: samples x components", NO_BOUNDS},
    {"lower-W", 0, CLI_KIND_TEXT, CLI_FIT | CLI_TRANSFORM, FIELD(lower_W), "L",
     "the least that entries of W may be: a number, or a file with a row or all of them",
     NO_BOUNDS},
    {"upper-W", 0, CLI_KIND_TEXT, CLI_FIT | CLI_TRANSFORM, FIELD(upper_W), "U",
     "the most that entries of W may be, likewise", NO_BOUNDS},
    {"lower-H", 0, CLI_KIND_TEXT, CLI_FIT, FIELD(lower_H), "L",
     "the least that entries of H may be, likewise", NO_BOUNDS},
    {"upper-H", 0, CLI_KIND_TEXT, CLI_FIT, FIELD(upper_H), "U",
     "the most that entries of H may be, likewise", NO_BOUNDS},
    {"gallery", 0, CLI_KIND_FILE, FITS, FIELD(gallery), "PICTURE",
     "also draw the components: .png, .svg or .pdf", NO_BOUNDS},
    {"json", 0, CLI_KIND_FILE, FITS, FIELD(json), "FILE",
     "write a report for programs; - is standard output, which then holds nothing else", NO_BOUNDS},

    {"grid", 0, CLI_KIND_PAIR, CLI_GALLERY, FIELD(grid), "ROWSxCOLUMNS",
     "pictures down and across; default: chosen from their number", NULL, 1, LARGEST_SIDE},
    {"output", 'o', CLI_KIND_FILE, CLI_REPORT, FIELD(output), "FILE.html",
     "where the page goes (required)", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_PLOT, FIELD(output), "PICTURE",
     "where the figure goes: .png, .svg or .pdf (required)", NO_BOUNDS},
    {"curve", 0, CLI_KIND_FLAG, CLI_PLOT, FIELD(curve), NULL, "the course of the fit", NO_BOUNDS},
    {"shares", 0, CLI_KIND_FLAG, CLI_PLOT, FIELD(shares), NULL, "what each sample is made of",
     NO_BOUNDS},
    {"similarity", 0, CLI_KIND_FLAG, CLI_PLOT, FIELD(similarity), NULL,
     "how alike the components are", NO_BOUNDS},
    {"data", 0, CLI_KIND_FILE, CLI_REPORT, FIELD(data), "DATA",
     "what the model was fitted to, for originals, residuals and PCA", NO_BOUNDS},
    {"rank", 0, CLI_KIND_FILE, CLI_REPORT, FIELD(rank_file), "FILE.json",
     "what 'nmf rank --json' wrote: held-out errors of other numbers of components", NO_BOUNDS},
    {"lang", 0, CLI_KIND_NAME, CLI_REPORT, FIELD(language), NULL,
     "the language in which the page opens; it has a switch", languages, 0, 0},
    {"kind", 0, CLI_KIND_TEXT, CLI_REPORT | CLI_GALLERY, FIELD(kind), "KIND",
     "draw components as pictures, words, curves, ... (docs/report.md); default: seen from them",
     NO_BOUNDS},
    {"samples", 0, CLI_KIND_INT, CLI_REPORT, FIELD(most_samples), "N",
     "show N of the samples, drawn at random, where there are more; default: 1000", NULL, 1,
     100000},
    {"title", 0, CLI_KIND_TEXT, CLI_REPORT, FIELD(title), "TEXT",
     "what the data is called; default: its file's name", NO_BOUNDS},
    {"title", 0, CLI_KIND_TEXT, CLI_GALLERY | CLI_RANK, FIELD(title), "TEXT",
     "heading, in any script (UTF-8)", NO_BOUNDS},
    {"scale", 0, CLI_KIND_NAME, CLI_GALLERY, FIELD(scale), NULL,
     "range of each picture's colours: -max to max, its minimum to its maximum, or 0 to its "
     "maximum",
     scales, 0, 0},
    {"colormap", 0, CLI_KIND_NAME, CLI_GALLERY, FIELD(colormap), NULL, "colours", colormaps, 0, 0},
    {"pixel-size", 0, CLI_KIND_INT, CLI_GALLERY, FIELD(pixel_size), "N",
     "screen pixels for one picture pixel; default: chosen", NULL, 1, 1000},
    {"rows", 0, CLI_KIND_TEXT, CLI_GALLERY, FIELD(rows), "LIST",
     "draw these rows, counted from 0, such as 0,5,7; default: from the first on", NO_BOUNDS},
    {"reconstruct", 0, CLI_KIND_TEXT, CLI_GALLERY, FIELD(reconstruct), "LIST",
     "draw these rows of --data, and below them what the model makes of them", NO_BOUNDS},
    {"data", 0, CLI_KIND_FILE, CLI_GALLERY, FIELD(data), "DATA", "the data for --reconstruct",
     NO_BOUNDS},

    {"seed", 0, CLI_KIND_INT, CLI_GENERATE, FIELD(seed), "SEED", "another set of faces; default: 0",
     NULL, 0, INT64_MAX},
    {"from", 0, CLI_KIND_FILE, CLI_FETCH, FIELD(from), "FILE",
     "convert this olivettifaces.mat instead of downloading it", NO_BOUNDS},
    {"url", 0, CLI_KIND_TEXT, CLI_FETCH, FIELD(url), "URL", "download from another address",
     NO_BOUNDS},
    {"sha256", 0, CLI_KIND_TEXT, CLI_FETCH, FIELD(sha256), "HEX",
     "checksum of the download, where it is not the published file", NO_BOUNDS},

    {"image-shape", 0, CLI_KIND_PAIR, READS_DATA, FIELD(image_shape), "HEIGHTxWIDTH",
     "each row is a picture of this shape, such as 64x64, where the file cannot know it", NULL, 1,
     LARGEST_SIDE},
    {"image-order", 0, CLI_KIND_NAME, READS_DATA, FIELD(image_order), NULL,
     "pixels run along the picture's rows, or down its columns as MATLAB writes them", orders, 0,
     0},
    {"transpose", 0, CLI_KIND_FLAG, READS_DATA, FIELD(transpose), NULL,
     "the file's rows are features and its columns samples", NO_BOUNDS},
    {"shuffle", 0, CLI_KIND_INT, READS_DATA, FIELD(shuffle), "SEED",
     "put the samples in the order of NumPy's RandomState(SEED).permutation", NULL, 0, UINT32_MAX},

    {"weighting", 0, CLI_KIND_NAME, CLI_CONVERT | CLI_INFO, FIELD(weighting), NULL,
     "use tf-idf (rows of norm 1), log(1 + counts per 10000) or square roots of the entries; the "
     "file stays as it is",
     weightings, 0, 0},
    {"weighting", 0, CLI_KIND_NAME, CLI_TRANSFORM, FIELD(weighting), NULL,
     "weigh the data as the model's own was (tf-idf with the idf learned there), or take it as "
     "it is",
     weightings_of_model, 0, 0},
    {"missing", 0, CLI_KIND_TEXT, WEIGHS, FIELD(missing), "nan|unstored|FILE",
     "what was not observed: NaN; of a sparse matrix all that is not stored; or where FILE, of the "
     "data's shape, is not 0",
     NO_BOUNDS},
    {"observed", 0, CLI_KIND_FILE, WEIGHS, FIELD(observed), "FILE",
     "only what FILE, of the data's shape, has not 0 for was observed", NO_BOUNDS},
    {"weights", 0, CLI_KIND_FILE, WEIGHS, FIELD(weights), "FILE",
     "how much each entry counts, >= 0; 0 was not observed", NO_BOUNDS},
    {"uncertainty", 0, CLI_KIND_FILE, WEIGHS, FIELD(uncertainty), "FILE",
     "standard errors of the entries: each counts 1 / error^2", NO_BOUNDS},
    {"row-weights", 0, CLI_KIND_FILE, WEIGHS, FIELD(row_weights), "FILE",
     "how much each sample counts", NO_BOUNDS},
    {"column-weights", 0, CLI_KIND_FILE, WEIGHS, FIELD(column_weights), "FILE",
     "how much each feature counts", NO_BOUNDS},
    {"sample-names", 0, CLI_KIND_FILE, READS_DATA, FIELD(sample_names), "FILE",
     "names of the samples, one a line or .npy", NO_BOUNDS},
    {"feature-names", 0, CLI_KIND_FILE, READS_DATA, FIELD(feature_names), "FILE",
     "names of the features, such as words or genes, one a line or .npy", NO_BOUNDS},
    {"labels", 0, CLI_KIND_FILE, READS_DATA | CLI_ASSIGN | CLI_PLOT, FIELD(labels), "FILE",
     "the samples' known classes: one a line, .npy, a column of a table (.csv, .tsv; FILE:COLUMN "
     "chooses) matched by the samples' names, FILE.h5ad:obs/COLUMN or FILE.mat:NAME",
     NO_BOUNDS},

    {"format", 0, CLI_KIND_TEXT, READS_DATA, FIELD(format), "NAME",
     "what kind of file it is, where neither its content nor its name tells: npz, mat, csv, "
     "svmlight, ldac, ...",
     NO_BOUNDS},
    {"header", 0, CLI_KIND_NAME, READS_DATA, FIELD(header), NULL,
     "a table's first record holds the names of its columns", headers, 0, 0},
    {"index", 0, CLI_KIND_TEXT, READS_DATA, FIELD(index), "COLUMN",
     "a table's column of sample names: its name, its number from 1, or none", NO_BOUNDS},
    {"delimiter", 0, CLI_KIND_TEXT, READS_DATA, FIELD(delimiter), "TEXT",
     "what divides a table's cells: one character, tab or space", NO_BOUNDS},
    {"decimal", 0, CLI_KIND_NAME, READS_DATA, FIELD(decimal), NULL, "a table's decimal sign",
     decimals, 0, 0},
    {"comment", 0, CLI_KIND_TEXT, READS_DATA, FIELD(comment), "TEXT",
     "leave out a table's lines that begin with this", NO_BOUNDS},
    {"long", 0, CLI_KIND_FLAG, READS_DATA, FIELD(is_long), NULL,
     "a table of one entry a line: sample, feature, value", NO_BOUNDS},
    {"feature-type", 0, CLI_KIND_TEXT, READS_DATA, FIELD(feature_type), "TYPE",
     "of cells x features of several types, such as genes and antibodies, take this one, or all; "
     "default: Gene Expression",
     NO_BOUNDS},
    {"features", 0, CLI_KIND_INT, READS_DATA, FIELD(features), "N",
     "at least so many features, where a format does not say it (SVMlight, LDA-C, bags of words)",
     NULL, 1, INT32_MAX},
    {"first-index", 0, CLI_KIND_NAME, READS_DATA, FIELD(first_index), NULL,
     "the number of the first feature in SVMlight text", first_indices, 0, 0},

    {"memory-limit", 0, CLI_KIND_TEXT, CLI_CONVERT, FIELD(memory_limit), "BYTES",
     "work within this much memory (such as 2G): data that do not fit stay on disk", NO_BOUNDS},

    {"count", 'n', CLI_KIND_INT, CLI_TOP, FIELD(count), "N",
     "features of each component; default: 10", NULL, 1, 1000000},
    {"count", 'n', CLI_KIND_INT, CLI_GALLERY, FIELD(count), "N",
     "bars of each component that is no picture; default: 10", NULL, 1, 1000},
    {"tsv", 0, CLI_KIND_FLAG, CLI_TOP | CLI_RANK, FIELD(tsv), NULL,
     "print tab-separated lines, as into a pipe, on a terminal too", NO_BOUNDS},
    {"json", 0, CLI_KIND_FILE, CLI_TOP | CLI_ASSIGN | CLI_RANK | CLI_CONSENSUS, FIELD(json), "FILE",
     "write a report for programs; - is standard output, which then holds nothing else", NO_BOUNDS},
    {"output", 'o', CLI_KIND_FILE, CLI_ASSIGN, FIELD(output), "FILE",
     "where the table goes: .tsv, .csv or .npz; default: standard output, where --json is not "
     "given",
     NO_BOUNDS},

    {"man", 0, CLI_KIND_FLAG, CLI_HELP, FIELD(man), NULL,
     "print the manual page (roff), that of COMMAND where it is given", NO_BOUNDS},
    {"completion", 0, CLI_KIND_NAME, CLI_HELP, FIELD(completion), NULL,
     "print the completion script for this shell", shells, 0, 0},
    {"output", 'o', CLI_KIND_FILE, CLI_BENCH, FIELD(output), "FILE.csv",
     "also write every measurement as a line for programs", NO_BOUNDS},
    {"components", 'k', CLI_KIND_INT, CLI_BENCH, FIELD(rank), "K",
     "components of the pass; default: 1, 2, 4, 16 and 64", NULL, 1, 100000},
    {"shape", 0, CLI_KIND_PAIR, CLI_BENCH, FIELD(shape), "SAMPLESxFEATURES",
     "shape of the pass's data; default: 50000x4096", NULL, 1, INT32_MAX},
    {"storage", 0, CLI_KIND_NAME, CLI_BENCH, FIELD(storage), NULL, "type of the pass's data",
     storages, 0, 0},
    {"loss", 0, CLI_KIND_NAME, CLI_BENCH, FIELD(loss), NULL, "what the pass lowers", losses, 0, 0},
    {"quick", 0, CLI_KIND_FLAG, CLI_BENCH, FIELD(quick), NULL,
     "a look in seconds, at small data: the numbers say little", NO_BOUNDS},
    {"verbose", 'v', CLI_KIND_FLAG, FITS, FIELD(verbose), NULL,
     "print every iteration as it comes, on standard error", NO_BOUNDS},
    {"json", 0, CLI_KIND_FLAG, CLI_INFO, FIELD(as_json), NULL, "print it for programs", NO_BOUNDS},
    {"quiet", 'q', CLI_KIND_FLAG,
     WRITES | CLI_REPORT | CLI_PLOT | CLI_RANK | CLI_CONSENSUS | CLI_DEMO | CLI_FETCH | CLI_BENCH,
     FIELD(quiet), NULL, "say nothing but errors and warnings", NO_BOUNDS},
    {NULL, 0, CLI_KIND_FLAG, 0, 0, NULL, NULL, NO_BOUNDS},
};
