/* Writing compressed files: see packed.h. A stream of the C library's own whose bytes go through an encoder. */
#define _GNU_SOURCE /* fopencookie */
#include "packed.h"

#include <errno.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define OUTPUT_BYTES ((size_t)1 << 16)
#define XZ_PRESET 6 /* xz's own default */

typedef struct packer {
    FILE *to;
    nmfi_packing packing;
    int failed;
    z_stream gzip;
    lzma_stream xz;
    ZSTD_CStream *zstd;
    unsigned char output[OUTPUT_BYTES];
} packer;

static void put(packer *p, size_t count)
{
    if (count > 0 && fwrite(p->output, 1, count, p->to) != count) {
        p->failed = 1;
    }
}

/* One call of the encoder each; 1 once all of `bytes` is in (and, where it is the last, out again). */
static int encode_gzip(packer *p, const unsigned char **bytes, size_t *count, int last)
{
    p->gzip.next_in = (unsigned char *)(uintptr_t)*bytes;
    p->gzip.avail_in = *count < UINT_MAX ? (uInt)*count : UINT_MAX;
    const size_t asked = p->gzip.avail_in;
    p->gzip.next_out = p->output;
    p->gzip.avail_out = (uInt)OUTPUT_BYTES;
    const int result = deflate(&p->gzip, last && asked == *count ? Z_FINISH : Z_NO_FLUSH);
    *bytes += asked - p->gzip.avail_in;
    *count -= asked - p->gzip.avail_in;
    put(p, OUTPUT_BYTES - p->gzip.avail_out);
    return last ? result == Z_STREAM_END : *count == 0 && p->gzip.avail_out > 0;
}

static int encode_xz(packer *p, const unsigned char **bytes, size_t *count, int last)
{
    p->xz.next_in = *bytes;
    p->xz.avail_in = *count;
    p->xz.next_out = p->output;
    p->xz.avail_out = OUTPUT_BYTES;
    const lzma_ret result = lzma_code(&p->xz, last ? LZMA_FINISH : LZMA_RUN);
    *bytes = p->xz.next_in;
    *count = p->xz.avail_in;
    put(p, OUTPUT_BYTES - p->xz.avail_out);
    if (result != LZMA_OK && result != LZMA_STREAM_END) {
        p->failed = 1; /* out of memory */
    }
    return last ? result == LZMA_STREAM_END : *count == 0;
}

static int encode_zstd(packer *p, const unsigned char **bytes, size_t *count, int last)
{
    ZSTD_inBuffer in = {*bytes, *count, 0};
    ZSTD_outBuffer out = {p->output, OUTPUT_BYTES, 0};
    const size_t left =
        ZSTD_compressStream2(p->zstd, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
    *bytes += in.pos;
    *count -= in.pos;
    put(p, out.pos);
    if (ZSTD_isError(left)) {
        p->failed = 1;
    }
    return last ? left == 0 : *count == 0;
}

static void encode(packer *p, const unsigned char *bytes, size_t count, int last)
{
    int done = 0;
    while (!done && !p->failed) {
        done = p->packing == NMFI_GZIP ? encode_gzip(p, &bytes, &count, last)
               : p->packing == NMFI_XZ ? encode_xz(p, &bytes, &count, last)
                                       : encode_zstd(p, &bytes, &count, last);
    }
}

static ssize_t write_packed(void *cookie, const char *bytes, size_t count)
{
    packer *p = cookie;
    encode(p, (const unsigned char *)bytes, count, 0);
    return p->failed ? 0 : (ssize_t)count;
}

static void free_packer(packer *p)
{
    if (p->packing == NMFI_GZIP) {
        (void)deflateEnd(&p->gzip);
    }
    if (p->packing == NMFI_XZ) {
        lzma_end(&p->xz);
    }
    ZSTD_freeCStream(p->zstd);
    free(p);
}

static int close_packed(void *cookie)
{
    packer *p = cookie;
    encode(p, (const unsigned char *)"", 0, 1);
    const int failed = p->failed, reason = errno;
    const int closed = fclose(p->to);
    free_packer(p);
    if (failed && closed == 0) {
        errno = reason != 0 ? reason : EIO;
    }
    return failed ? -1 : closed;
}

static int begin_encoder(packer *p)
{
    const lzma_stream fresh = LZMA_STREAM_INIT;
    switch (p->packing) {
    case NMFI_GZIP:
        return deflateInit2(&p->gzip, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8,
                            Z_DEFAULT_STRATEGY) == Z_OK;
    case NMFI_XZ:
        p->xz = fresh;
        return lzma_easy_encoder(&p->xz, XZ_PRESET, LZMA_CHECK_CRC64) == LZMA_OK;
    case NMFI_ZSTD: p->zstd = ZSTD_createCStream(); return p->zstd != NULL;
    case NMFI_UNPACKED: break;
    }
    return 0;
}

FILE *nmfi_packing_stream(FILE *to, nmfi_packing packing)
{
    const cookie_io_functions_t functions = {.write = write_packed, .close = close_packed};
    packer *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->to = to;
    p->packing = packing;
    FILE *stream = begin_encoder(p) ? fopencookie(p, "wb", functions) : NULL;
    if (stream == NULL) {
        free_packer(p);
    } else {
        (void)setvbuf(stream, NULL, _IOFBF, OUTPUT_BYTES);
    }
    return stream;
}
