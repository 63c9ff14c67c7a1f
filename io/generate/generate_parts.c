/* Data of any size, made as they are asked for: each sample a mixture of smooth parts, some strong and
 * common, most weak and rare, and a little noise, in bytes, as pictures are. Entry (i, j) hangs on the
 * seed, i and j alone:
 *
 *   x_ij = round(sum_r w_ir h_rj) + noise in -4 to 4,   h_rj = exp(-(distance of j from part r / width)^2) */
#include <nmfkit/io.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FULL 250.0f /* of what a byte holds, noise aside */

typedef struct parts {
    int64_t features, rank;
    uint64_t seed;
    float *H; /* rank x features */
} parts;

/* Source: Steele, Lea & Flood 2014, the finalizer of SplitMix. */
static uint64_t scramble(uint64_t word)
{
    word = (word ^ word >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    word = (word ^ word >> 27) * UINT64_C(0x94D049BB133111EB);
    return word ^ word >> 31;
}

static uint64_t random_word(uint64_t seed, uint64_t stream, uint64_t index)
{
    return scramble(scramble(seed + stream * UINT64_C(0x9E3779B97F4A7C15)) + index);
}

/* In [0, 1). */
static float random_share(uint64_t seed, uint64_t stream, uint64_t index)
{
    return (float)(random_word(seed, stream, index) >> 40) * 0x1p-24f;
}

enum { PLACES = 0, NOISE_SEED = 1, ROWS = 2 };

/* The first part is what all have in common. */
static void make_part(const parts *p, int64_t r)
{
    const float n = (float)p->features;
    const uint64_t at = (uint64_t)r;
    const float centre = r == 0 ? n / 2 : n * random_share(p->seed, PLACES, 2 * at);
    const float share = 0.01f + 0.07f * random_share(p->seed, PLACES, 2 * at + 1);
    const float width = r == 0 ? n : n * share;
    for (int64_t j = 0; j < p->features; j++) {
        const float apart = ((float)j - centre) / width;
        p->H[r * p->features + j] = expf(-apart * apart);
    }
}

/* How much of part r is in a sample: weak ones are in few. */
static float weight(const parts *p, uint64_t row, int64_t r)
{
    const float u = random_share(p->seed, ROWS + row, (uint64_t)r);
    const float strength = FULL / (2.0f + (float)r / 2);
    if (r == 0) return FULL * (0.15f + 0.15f * u);
    return u < 0.3f ? 0.0f : strength * (u - 0.3f) * (u - 0.3f);
}

static void make_row(const parts *p, uint64_t row, float *sums, uint8_t *out)
{
    memset(sums, 0, (size_t)p->features * sizeof *sums);
    for (int64_t r = 0; r < p->rank; r++) {
        const float w = weight(p, row, r);
        const float *h = p->H + r * p->features;
        for (int64_t j = 0; j < p->features && w > 0; j++) sums[j] += w * h[j];
    }
    for (int64_t j = 0; j < p->features; j += 8) {
        uint64_t noise = random_word(p->seed + NOISE_SEED, ROWS + row, (uint64_t)j);
        for (int64_t e = j; e < j + 8 && e < p->features; e++, noise >>= 8) {
            const float value = sums[e] + (float)((noise & 255) * 9 >> 8) - 4.0f;
            out[e] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5f);
        }
    }
}

static nmf_status make_rows(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    const parts *p = context;
    float *sums = malloc((size_t)p->features * sizeof *sums);
    if (sums == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for a row");
    for (int64_t i = 0; i < count; i++)
        make_row(p, (uint64_t)(first + i), sums, (uint8_t *)rows + i * p->features);
    free(sums);
    return NMF_OK;
}

static void release(void *context)
{
    parts *p = context;
    free(p->H);
    free(p);
}

nmf_status nmf_io_generate_parts(int64_t samples, int64_t features, int64_t rank, uint64_t seed,
                                 nmf_matrix **matrix, nmf_error *error)
{
    nmf_reader reader = NMF_READER_INIT;
    parts *p;
    if (matrix == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the place for the matrix is NULL");
    *matrix = NULL;
    if (samples < 1 || features < 1 || rank < 1 || features > INT32_MAX || rank > 100000)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld samples of %lld features with %lld parts: each must be at least 1, "
                        "features below 2^31, parts at most 100000",
                        (long long)samples, (long long)features, (long long)rank);
    p = calloc(1, sizeof *p);
    if (p == NULL || (p->H = calloc((size_t)(rank * features), sizeof *p->H)) == NULL) {
        free(p);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld parts of %lld features",
                        (long long)rank, (long long)features);
    }
    p->features = features;
    p->rank = rank;
    p->seed = seed;
    for (int64_t r = 0; r < rank; r++) make_part(p, r);
    reader.dtype = NMF_U8;
    reader.rows = samples;
    reader.columns = features;
    reader.read = make_rows;
    reader.release = release;
    reader.context = p;
    return nmf_matrix_from_reader(&reader, matrix, error);
}
