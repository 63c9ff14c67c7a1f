/* Features: what no other kind recognises; the largest entries, by name or number. */
#include "kind.h"

static int recognise(const nmf_matrix *H)
{
    (void)H;
    return 1;
}

const nmfi_kind nmfi_kind_features = {
    .name = "features",
    .parts = {"components", "分量"},
    .features = {"features", "特征"},
    .mark = NMFI_MARK_TERMS,
    .relevance = 1.0,
    .recognise = recognise,
};
