/* PBM, PGM and PPM pictures, plain (P1, P2, P3) and raw (P4, P5, P6), maxval 1 to 65535, comments
 * anywhere the Netpbm formats allow them.
 *
 * Samples are scaled to the full range, v * 255 / maxval (65535 where maxval > 255), as Pillow and
 * ImageMagick do, so that pictures of different maxval go together. In PBM 1 is black. Source:
 * netpbm(5). */
#include "picture.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct cursor {
    const unsigned char *at, *end;
} cursor;

typedef struct pnm {
    int kind; /* 1..6 as in P1..P6 */
    int channels;
    int64_t width, height;
    uint32_t maxval;
    cursor input;       /* behind the header */
    uint32_t *samples;  /* one row as in the file */
    unsigned char *row; /* the same scaled: 8-bit, or big-endian 16-bit */
} pnm;

static int is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

int nmfi_recognise_pnm(const unsigned char *head, size_t bytes)
{
    return bytes >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
           (is_space(head[2]) || head[2] == '#');
}

static void skip_space_and_comments(cursor *input)
{
    while (input->at < input->end) {
        if (*input->at == '#') {
            while (input->at < input->end && *input->at != '\n' && *input->at != '\r') input->at++;
        } else if (is_space(*input->at)) {
            input->at++;
        } else {
            return;
        }
    }
}

/* A decimal number up to `limit`; -1 if there is none, limit + 1 for everything larger. */
static int64_t read_number(cursor *input, int64_t limit)
{
    skip_space_and_comments(input);
    if (input->at == input->end || *input->at < '0' || *input->at > '9') return -1;
    int64_t value = 0;
    for (; input->at < input->end && *input->at >= '0' && *input->at <= '9'; input->at++) {
        if (value <= limit) value = 10 * value + (*input->at - '0');
    }
    return value <= limit ? value : limit + 1;
}

static nmf_status read_header_number(pnm *file, const char *what, int64_t limit, int64_t *value,
                                     nmf_error *error)
{
    *value = read_number(&file->input, limit);
    if (*value < 0 && file->input.at == file->input.end)
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "the file ends where its header should give the %s", what);
    if (*value < 0)
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "byte 0x%02x stands in the header where the %s should", *file->input.at,
                        what);
    if (*value == 0 || *value > limit)
        return nmf_fail(error, NMF_ERROR_FORMAT, "the header gives a %s %s, must be 1 to %" PRId64,
                        what, *value == 0 ? "of 0" : "that is larger", limit);
    return NMF_OK;
}

static nmf_status read_header(pnm *file, nmf_error *error)
{
    file->kind = file->input.at[1] - '0';
    file->channels = file->kind % 3 == 0 ? 3 : 1;
    file->input.at += 2;
    int64_t maxval = 1;
    nmf_status status = read_header_number(file, "width", INT32_MAX, &file->width, error);
    if (status == NMF_OK)
        status = read_header_number(file, "height", INT32_MAX, &file->height, error);
    if (status == NMF_OK && file->kind % 3 != 1)
        status = read_header_number(file, "maxval", UINT16_MAX, &maxval, error);
    if (status != NMF_OK) return status;
    file->maxval = (uint32_t)maxval;
    /* Trap: exactly one white space byte ends the header: the next may be a pixel that looks like
     * one. */
    if (file->input.at < file->input.end && !is_space(*file->input.at))
        return nmf_fail(error, NMF_ERROR_FORMAT, "byte 0x%02x stands where the header should end",
                        *file->input.at);
    if (file->input.at < file->input.end) file->input.at++;
    return NMF_OK;
}

static int is_plain(const pnm *file)
{
    return file->kind <= 3;
}

/* Bytes a raw row takes in the file, or a plain row at the very least. */
static int64_t least_row_bytes(const pnm *file)
{
    const int64_t samples = file->width * file->channels;
    if (file->kind == 1) return samples;
    if (file->kind == 4) return (samples + 7) / 8;
    if (is_plain(file)) /* a digit and a space each, but no space after the last of all */
        return 2 * samples;
    return file->maxval > UINT8_MAX ? 2 * samples : samples;
}

static nmf_status check_payload(const pnm *file, nmf_error *error)
{
    const int64_t payload = file->input.end - file->input.at;
    const nmf_status status =
        nmfi_picture_check_size(file->width, file->height, (size_t)payload, 8, error);
    if (status != NMF_OK) return status;
    const int64_t slack = is_plain(file) ? 1 : 0;
    const int64_t needed = least_row_bytes(file) * file->height - slack; /* < 2^31 * 6 */
    if (payload < needed)
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%" PRId64 " x %" PRId64 " pixels need at least %" PRId64
                        " bytes after the header, the file has %" PRId64,
                        file->width, file->height, needed, payload);
    return NMF_OK;
}

static nmf_status read_plain_row(pnm *file, int64_t row, nmf_error *error)
{
    const int64_t count = file->width * file->channels;
    for (int64_t i = 0; i < count; i++) {
        int64_t value;
        if (file->kind == 1) { /* bits may stand without space between them */
            skip_space_and_comments(&file->input);
            const int more = file->input.at < file->input.end;
            value = more && (*file->input.at == '0' || *file->input.at == '1')
                        ? '1' - *file->input.at++
                        : -1;
        } else {
            value = read_number(&file->input, UINT16_MAX);
        }
        if (value < 0 && file->input.at == file->input.end)
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "the file ends in row %" PRId64 " of %" PRId64 " of the picture",
                            row + 1, file->height);
        if (value < 0)
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "byte 0x%02x stands where the pixel at row %" PRId64 ", column %" PRId64
                            " should",
                            *file->input.at, row + 1, i / file->channels + 1);
        file->samples[i] = (uint32_t)value;
    }
    return NMF_OK;
}

static void read_raw_row(pnm *file)
{
    const unsigned char *const at = file->input.at;
    const int64_t count = file->width * file->channels;
    for (int64_t i = 0; i < count; i++) {
        if (file->kind == 4)
            file->samples[i] = ~(uint32_t)at[i / 8] >> (7 - i % 8) & 1u;
        else if (file->maxval > UINT8_MAX)
            file->samples[i] = (uint32_t)at[2 * i] << 8 | at[2 * i + 1];
        else
            file->samples[i] = at[i];
    }
    file->input.at += least_row_bytes(file);
}

static nmf_status scale_row(pnm *file, int64_t row, nmf_error *error)
{
    const int wide = file->maxval > UINT8_MAX;
    const uint32_t maxval = file->maxval;
    const uint32_t white = wide ? UINT16_MAX : UINT8_MAX;
    const int64_t count = file->width * file->channels;
    for (int64_t i = 0; i < count; i++) {
        const uint32_t value = file->samples[i];
        if (value > maxval)
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "the pixel at row %" PRId64 ", column %" PRId64 " is %s%" PRIu32
                            ", above the maxval %" PRIu32 " of the header",
                            row + 1, i / file->channels + 1, value > UINT16_MAX ? "at least " : "",
                            value, maxval);
        const uint32_t scaled = maxval == white ? value : (value * white + maxval / 2) / maxval;
        if (wide) {
            file->row[2 * i] = (unsigned char)(scaled >> 8);
            file->row[2 * i + 1] = (unsigned char)(scaled & 0xff);
        } else {
            file->row[i] = (unsigned char)scaled;
        }
    }
    return NMF_OK;
}

/* Raw samples that use their whole range are already what a picture takes. */
static int is_ready(const pnm *file)
{
    return file->kind >= 5 && (file->maxval == UINT8_MAX || file->maxval == UINT16_MAX);
}

static nmf_status read_row(pnm *file, int64_t row, nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (is_plain(file))
        status = read_plain_row(file, row, error);
    else
        read_raw_row(file);
    return status == NMF_OK ? scale_row(file, row, error) : status;
}

static nmf_status read_pixels(pnm *file, nmfi_picture *picture, nmf_error *error)
{
    for (int64_t row = 0; row < file->height; row++) {
        if (is_ready(file)) {
            nmfi_picture_store_row(picture, row, file->input.at, file->channels);
            file->input.at += least_row_bytes(file);
            continue;
        }
        const nmf_status status = read_row(file, row, error);
        if (status != NMF_OK) return status;
        nmfi_picture_store_row(picture, row, file->row, file->channels);
    }
    return NMF_OK;
}

static nmf_status allocate(pnm *file, nmfi_picture *picture, nmf_error *error)
{
    const size_t count = (size_t)(file->width * file->channels); /* bounded by the payload */
    file->samples = malloc(count * sizeof *file->samples);
    file->row = malloc(2 * count);
    if (file->samples == NULL || file->row == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row of %" PRId64 " pixels",
                        file->width);
    return nmfi_picture_allocate(picture, file->width, file->height,
                                 file->maxval > UINT8_MAX ? NMF_U16 : NMF_U8, error);
}

nmf_status nmfi_decode_pnm(const unsigned char *bytes, size_t count, nmfi_picture *picture,
                           nmf_error *error)
{
    *picture = (nmfi_picture){0, 0, NMF_U8, NULL};
    if (!nmfi_recognise_pnm(bytes, count))
        return nmf_fail(error, NMF_ERROR_FORMAT, "not a PBM, PGM or PPM picture");
    pnm file = {.input = {bytes, bytes + count}};
    nmf_status status = read_header(&file, error);
    if (status == NMF_OK) status = check_payload(&file, error);
    if (status == NMF_OK) status = allocate(&file, picture, error);
    if (status == NMF_OK) status = read_pixels(&file, picture, error);
    skip_space_and_comments(&file.input);
    if (status == NMF_OK &&
        nmfi_recognise_pnm(file.input.at, (size_t)(file.input.end - file.input.at)))
        status = nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                          "the file holds more than one picture; give each its own file");
    free(file.samples);
    free(file.row);
    if (status != NMF_OK) nmfi_picture_clear(picture);
    return status;
}
