/* In which part of a command's help an option stands, and in which order: what people use first comes first. */
#include "args.h"
#include "help.h"

#include <stdio.h>
#include <string.h>

/* Options by their flags; one that is in no list stands at the end of its kind's part. */
typedef struct group {
    const char *title;
    const char *flags; /* each between spaces */
} group;

static const group groups[] = {
    {"Model",
     " components ks loss beta init solver starts seed sketch weighting pca-solver pca-sign whiten "
     "alpha-W alpha-H l1-ratio inner-sweeps start-W start-H fix-H fix-W free keep-H lower upper "
     "simplex "
     "shrink negatives volume folds repeats max-k replicates perturb density-threshold "
     "neighborhood "
     "like "},
    {"Stopping, and going on", " tol max-iter time-limit checkpoint every resume "},
    {"Data", " data transpose image-shape image-order sample-names feature-names labels missing "
             "observed weights "
             "uncertainty row-weights column-weights match missing-features shuffle rank format "
             "header index "
             "delimiter decimal comment long feature-type features first-index stream "},
    {"Output", " output save-W save-H gallery json plot tsv count quiet verbose "},
    {"Machine", " threads memory-limit precision block-rows spread parts "},
};
enum { GROUPS = sizeof groups / sizeof *groups, OF_MODEL = 0, OF_OUTPUT = 3 };

/* The place of a flag in a list, from 0; -1: it is not there. */
static int64_t place_in(const group *of, const char *flag)
{
    char word[64];
    snprintf(word, sizeof word, " %s ", flag);
    const char *const at = strstr(of->flags, word);
    return at == NULL ? -1 : at - of->flags;
}

/* Group and place of a flag as one number. */
static int64_t rank_of(const cli_flag *flag)
{
    enum { LAST = 1 << 20 };
    for (int g = 0; g < GROUPS; g++) {
        const int64_t place = place_in(&groups[g], flag->flag);
        if (place >= 0) return (int64_t)g * 2 * LAST + place;
    }
    const int g = flag->library != NULL ? OF_MODEL : OF_OUTPUT;
    return (int64_t)g * 2 * LAST + LAST + (flag->library != NULL ? flag->library_index : 0);
}

int cli_flag_next_in_help(const cli_command *command, int64_t *shown, cli_flag *flag,
                          const char **title)
{
    cli_flag candidate;
    int64_t best = INT64_MAX;
    for (int64_t cursor = 0, order = 0; cli_flag_next(command, &cursor, &candidate); order++) {
        /* The order in the tables decides between those that are in no list. */
        const int64_t rank = rank_of(&candidate) * 1024 + order;
        if (rank <= *shown || rank >= best) continue;
        best = rank;
        *flag = candidate;
    }
    if (best == INT64_MAX) return 0;
    const int64_t group_size = INT64_C(2) * (1 << 20) * 1024;
    const int begins = *shown < 0 || *shown / group_size != best / group_size;
    *title = begins ? groups[best / group_size].title : NULL;
    *shown = best;
    return 1;
}
