/* A 64-bit digest of bytes in their order, to tell a damaged file: not cryptographic. */
#ifndef NMFI_BASE_DIGEST_H
#define NMFI_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t nmfi_mix(uint64_t word)
{
    word = (word ^ word >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return word ^ word >> 32;
}

/* Of what `digest` is of, followed by these bytes. */
uint64_t nmfi_digest(uint64_t digest, const void *data, size_t bytes);

#endif
