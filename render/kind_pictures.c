/* Pictures: every row has an image shape. */
#include "kind.h"

static int recognise(const nmf_matrix *H)
{
    return nmf_matrix_image_height(H) > 0;
}

const nmfi_kind nmfi_kind_pictures = {
    .name = "pictures",
    .parts = {"parts", "部件"},
    .features = {"pixels", "像素"},
    .needs = "an image shape",
    .mark = NMFI_MARK_PICTURE,
    .relevance = -1.0,
    .recognise = recognise,
};
