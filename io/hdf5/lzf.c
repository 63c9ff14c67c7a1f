/* LZF: runs of bytes as they are, and references to bytes before them. A control byte below 32 is followed by that
 * many bytes and one more; else its upper three bits are a length (7: the next byte is added to it), the lower five and
 * the next byte how far back, counted from 0, and two bytes more than the length are copied. See lzf.h.
 *
 * Source: the format of Marc Lehmann's LibLZF, as HDF5's list of filters has it under number 32000. */
#include "lzf.h"

#include <hdf5.h>
#include <pthread.h>
#include <string.h>

#define LZF_FILTER 32000
#define LARGEST_RATIO 96 /* three bytes make 264 at most */

size_t nmfi_lzf_unpack(const unsigned char *from, size_t count, unsigned char *to, size_t room)
{
    const unsigned char *const end = from + count;
    size_t done = 0;
    while (from < end) {
        size_t length = *from >> 5, distance = (size_t)(*from & 31) << 8;
        const size_t run = (size_t)*from++ + 1;
        if (length == 0) {
            if (run > (size_t)(end - from) || run > room - done) {
                return 0;
            }
            memcpy(to + done, from, run);
            from += run;
            done += run;
            continue;
        }
        if (length == 7) {
            length += from < end ? *from++ : 0;
        }
        if (from == end) {
            return 0;
        }
        distance += (size_t)*from++ + 1;
        length += 2;
        if (distance > done || length > room - done) {
            return 0;
        }
        for (; length > 0; length--, done++) { /* it may overlap what it makes */
            to[done] = to[done - distance];
        }
    }
    return done;
}

/* HDF5's contract: the bytes in *buffer become other ones; 0 on damage. values[2] is what a chunk has unpacked; of
 * texts of any length it is too little, as h5py writes it, so that more is tried as far as the format can reach. */
static size_t unpack_chunk(unsigned flags, size_t count, const unsigned values[], size_t bytes,
                           size_t *buffer_bytes, void **buffer)
{
    const size_t most = LARGEST_RATIO * bytes, told = count > 2 ? values[2] : 0;
    if ((flags & H5Z_FLAG_REVERSE) == 0) {
        return 0;
    }
    for (size_t room = told > 0 && told < most ? told : most;;
         room = room < most / 2 ? 2 * room : most) {
        unsigned char *to = H5allocate_memory(room, 0);
        const size_t done = to != NULL ? nmfi_lzf_unpack(*buffer, bytes, to, room) : 0;
        if (done > 0) {
            (void)H5free_memory(*buffer);
            *buffer = to;
            *buffer_bytes = room;
            return done;
        }
        (void)H5free_memory(to);
        if (to == NULL || room == most) {
            return 0;
        }
    }
}

static void register_filter(void)
{
    static const H5Z_class2_t lzf = {.version = H5Z_CLASS_T_VERS,
                                     .id = LZF_FILTER,
                                     .decoder_present = 1,
                                     .name = "lzf",
                                     .filter = unpack_chunk};
    if (H5Zfilter_avail(LZF_FILTER) <= 0) {
        (void)H5Zregister(&lzf);
    }
}

void nmfi_lzf_register(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, register_filter);
}
