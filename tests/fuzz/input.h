/* What a fuzz input says comes next, byte by byte; behind its end only zeros come. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static inline unsigned take(input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

/* Fills `bytes`. */
static inline void take_bytes(input *in, void *bytes, size_t count)
{
    const size_t there = count < in->left ? count : in->left;
    memset(bytes, 0, count);
    if (there > 0) {
        memcpy(bytes, in->at, there);
    }
    in->at += there;
    in->left -= there;
}

#endif
