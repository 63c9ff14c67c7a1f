/* Mutational signatures: 96 channels "A[C>A]T", a substitution between its neighbours. Drawn as the
 * field does since Alexandrov et al. 2013: by substitution, then by the base before and the one
 * after, each substitution in its colour. */
#include "kind.h"

#include <string.h>

#define CHANNELS 96
#define CONTEXTS 16

static const char substitutions[6][4] = {"C>A", "C>G", "C>T", "T>A", "T>C", "T>G"};
static const char bases[] = "ACGT";

static const nmfi_kind_group groups[] = {{"C>A", "#1ebff0", CONTEXTS},
                                         {"C>G", "#050708", CONTEXTS},
                                         {"C>T", "#e62725", CONTEXTS},
                                         {"T>A", "#cbcacb", CONTEXTS},
                                         {"T>C", "#a1cf64", CONTEXTS},
                                         {"T>G", "#edc8c5", CONTEXTS},
                                         {NULL, NULL, 0}};

static int base_of(char letter)
{
    const char *at = letter != '\0' ? strchr(bases, letter) : NULL;
    return at != NULL ? (int)(at - bases) : -1;
}

/* Where the channel called `name` is drawn, 0 .. 95, or -1 if it is none. */
static int place_of(const char *name)
{
    if (strlen(name) != 7 || name[1] != '[' || name[5] != ']' || base_of(name[0]) < 0 ||
        base_of(name[6]) < 0) {
        return -1;
    }
    for (int s = 0; s < 6; s++) {
        if (strncmp(name + 2, substitutions[s], 3) == 0) {
            return s * CONTEXTS + base_of(name[0]) * 4 + base_of(name[6]);
        }
    }
    return -1;
}

static int recognise(const nmf_matrix *H)
{
    char seen[CHANNELS] = {0};
    if (nmf_matrix_columns(H) != CHANNELS || !nmf_matrix_has_names(H, NMF_FEATURE_NAMES)) {
        return 0;
    }
    for (int64_t j = 0; j < CHANNELS; j++) {
        const int place = place_of(nmf_matrix_name(H, NMF_FEATURE_NAMES, j));
        if (place < 0 || seen[place]) {
            return 0;
        }
        seen[place] = 1;
    }
    return 1;
}

static void arrange(const nmf_matrix *H, int64_t *order)
{
    for (int64_t j = 0; j < CHANNELS; j++) {
        order[place_of(nmf_matrix_name(H, NMF_FEATURE_NAMES, j))] = j;
    }
}

const nmfi_kind nmfi_kind_signatures = {
    .name = "signatures",
    .parts = {"signatures", "突变特征"},
    .features = {"channels", "通道"},
    .needs = "96 channels such as A[C>A]T, each by its name",
    .mark = NMFI_MARK_COLUMNS,
    .relevance = -1.0,
    .groups = groups,
    .recognise = recognise,
    .arrange = arrange,
};
