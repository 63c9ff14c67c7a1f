/* Fuzzes the decoding of JPEG pictures. */
#include "io/pictures/picture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    nmfi_picture picture;
    nmf_error error;
    (void)nmfi_decode_jpeg(bytes, count, &picture, &error);
    nmfi_picture_clear(&picture);
    return 0;
}
