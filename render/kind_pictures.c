/* Pictures: every row has an image shape. */
#include "kind.h"

static int recognise(const nmf_matrix *H)
{
    return nmf_matrix_image_height(H) > 0;
}

const nmfi_kind nmfi_kind_pictures = {
    .name = "pictures", .mark = NMFI_MARK_PICTURE, .relevance = -1.0, .recognise = recognise};
