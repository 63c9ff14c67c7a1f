/* Words: features whose names are words, nearly all of them letters only and in small letters. Names
 * of genes, channels and samples have digits or capitals. Relevance begins at 0.6, as Sievert &
 * Shirley 2014 found best ("LDAvis"). */
#include "kind.h"

static int is_word(const char *name)
{
    int letters = 0;
    for (; *name != '\0'; name++) {
        const unsigned char c = (unsigned char)*name;
        if (c >= 'a' && c <= 'z') {
            letters++;
        } else if (c >= 0x80) { /* UTF-8: letters of other alphabets */
            letters++;
        } else if (c != '\'' && c != '-' && c != '_') {
            return 0;
        }
    }
    return letters > 0;
}

static int recognise(const nmf_matrix *H)
{
    const int64_t count = nmf_matrix_columns(H);
    int64_t words = 0;
    if (!nmf_matrix_has_names(H, NMF_FEATURE_NAMES)) {
        return 0;
    }
    for (int64_t j = 0; j < count; j++) {
        words += is_word(nmf_matrix_name(H, NMF_FEATURE_NAMES, j));
    }
    return words > count - count / 10 - 1; /* at least nine in ten */
}

const nmfi_kind nmfi_kind_words = {
    .name = "words",
    .parts = {"topics", "主题"},
    .features = {"words", "词"},
    .mark = NMFI_MARK_TERMS,
    .relevance = 0.6,
    .recognise = recognise,
};
