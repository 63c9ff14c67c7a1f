/* The digest of digest.h: word by word, each mixed with all before it. */
#include "base/digest.h"

#include <string.h>

uint64_t nmfi_digest(uint64_t digest, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    uint64_t word;
    for (size_t left = bytes; left >= sizeof word; left -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        digest = nmfi_mix(digest ^ word);
    }
    word = 0;
    memcpy(&word, at, bytes % sizeof word);
    return nmfi_mix(digest ^ word ^ (uint64_t)bytes << 56);
}
