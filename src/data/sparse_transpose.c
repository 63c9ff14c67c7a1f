/* The other orientation of compressed lines, by counting: how many entries each new line gets,
 * where it begins, then every entry to its place. Threads share out the new lines, each looking
 * through the old lines for its own, so the result does not depend on how many they are. */
#include "data/sparse.h"

#include <string.h>

enum { MOST_SHARES = 64 };

void nmfi_sparse_take(nmfi_sparse_arrays *arrays, nmfi_arena *arena, int64_t lines, int64_t minor,
                      int64_t stored, nmf_dtype dtype, int64_t block_span)
{
    arrays->block_span = block_span > 0 && block_span < minor ? block_span : minor;
    arrays->blocks = minor > 0 ? (minor - 1) / arrays->block_span + 1 : 1;
    arrays->index_bytes = minor - 1 <= INT32_MAX ? 4 : 8;
    arrays->pointers = nmfi_take(arena, lines * arrays->blocks + 1, sizeof *arrays->pointers);
    arrays->indices = nmfi_take(arena, stored, (size_t)arrays->index_bytes);
    arrays->values = nmfi_take(arena, stored, nmf_dtype_bytes(dtype));
}

typedef struct turn_job {
    const nmf_sparse *from;
    const nmfi_sparse_arrays *to;
    int64_t first, end;              /* old lines of the block */
    int64_t *pointers;               /* of the block */
    int64_t lines;                   /* new ones */
    int64_t bounds[MOST_SHARES + 1]; /* of the shares, in new lines */
} turn_job;

typedef struct span {
    int64_t begin, end;
} span;

/* The entries of old line i that belong to new lines [low, high). Where that is all of them the
 * line need not be sorted. */
static span entries_of(const turn_job *job, int64_t i, int64_t low, int64_t high)
{
    const nmf_sparse *from = job->from;
    const span found = {low > 0 ? nmfi_sparse_find(from, i, low) : from->pointers[i],
                        high < job->lines ? nmfi_sparse_find(from, i, high)
                                          : from->pointers[i + 1]};
    return found;
}

static void count_share(void *context, int64_t share, int64_t thread)
{
    (void)thread;
    const turn_job *job = context;
    const int64_t low = job->bounds[share], high = job->bounds[share + 1];
    for (int64_t i = job->first; i < job->end; i++) {
        const span all = entries_of(job, i, low, high);
        for (int64_t e = all.begin; e < all.end; e++)
            job->pointers[nmfi_sparse_index(job->from, e) + 1]++;
    }
}

/* `value_bytes` is a constant in each call. */
static inline __attribute__((always_inline)) void
move_entries(const turn_job *job, int64_t low, int64_t high, int to_bytes, size_t value_bytes)
{
    const nmf_sparse *from = job->from;
    int64_t *next = job->pointers;
    for (int64_t i = job->first; i < job->end; i++) {
        const span all = entries_of(job, i, low, high);
        for (int64_t e = all.begin; e < all.end; e++) {
            const int64_t at = next[nmfi_sparse_index(from, e)]++;
            if (to_bytes == 4)
                ((int32_t *)job->to->indices)[at] = (int32_t)i;
            else
                ((int64_t *)job->to->indices)[at] = i;
            memcpy((char *)job->to->values + (size_t)at * value_bytes,
                   (const char *)from->values + (size_t)e * value_bytes, value_bytes);
        }
    }
}

static void move_share(void *context, int64_t share, int64_t thread)
{
    (void)thread;
    const turn_job *job = context;
    const int64_t low = job->bounds[share], high = job->bounds[share + 1];
    const size_t value_bytes = nmf_dtype_bytes(job->from->dtype);
    const int to_bytes = job->to->index_bytes;
    switch (value_bytes) {
    case 1: move_entries(job, low, high, to_bytes, 1); break;
    case 2: move_entries(job, low, high, to_bytes, 2); break;
    case 4: move_entries(job, low, high, to_bytes, 4); break;
    default: move_entries(job, low, high, to_bytes, 8); break;
    }
}

static void run(nmfi_team *team, int64_t shares, nmfi_task task, turn_job *job)
{
    if (team)
        nmfi_team_run(team, shares, task, job);
    else
        task(job, 0, 0);
}

/* Shares of about as many entries each. */
static void share_by_entries(turn_job *job, int64_t shares)
{
    const double before = (double)job->pointers[0];
    const double stored = (double)job->pointers[job->lines] - before;
    int64_t line = 0;
    for (int64_t s = 1; s < shares; s++) {
        const double wanted = before + stored * (double)s / (double)shares;
        while (line < job->lines && (double)job->pointers[line] < wanted) line++;
        job->bounds[s] = line;
    }
}

static void turn_block(turn_job *job, int64_t shares, nmfi_team *team)
{
    int64_t *pointers = job->pointers;
    const int64_t before = job->from->pointers[job->first];
    for (int64_t s = 0; s <= shares; s++) job->bounds[s] = job->lines / shares * s;
    job->bounds[shares] = job->lines;
    memset(pointers, 0, (size_t)(job->lines + 1) * sizeof *pointers);
    run(team, shares, count_share, job);
    pointers[0] = before;
    for (int64_t i = 0; i < job->lines; i++) pointers[i + 1] += pointers[i];
    share_by_entries(job, shares);
    run(team, shares, move_share, job);
    /* Each pointer has moved on to where the next line begins. */
    memmove(pointers + 1, pointers, (size_t)job->lines * sizeof *pointers);
    pointers[0] = before;
}

nmf_sparse nmfi_sparse_transpose(const nmf_sparse *from, const nmfi_sparse_arrays *arrays,
                                 nmfi_team *team)
{
    turn_job job = {.from = from, .to = arrays, .lines = nmfi_sparse_minor(from)};
    const int64_t old_lines = nmfi_sparse_lines(from);
    /* A few for each thread, since they are not equally quick. */
    const int64_t wanted = team ? 4 * nmfi_team_threads(team) : 1;
    const int64_t shares = wanted < MOST_SHARES ? wanted : MOST_SHARES;
    for (int64_t b = 0; b < arrays->blocks; b++) {
        job.first = b * arrays->block_span;
        job.end = b + 1 < arrays->blocks ? job.first + arrays->block_span : old_lines;
        job.pointers = arrays->pointers + b * job.lines;
        turn_block(&job, shares, team);
    }

    nmf_sparse transposed = *from;
    transposed.by_columns = !from->by_columns;
    transposed.pointers = arrays->pointers;
    transposed.indices = arrays->indices;
    transposed.index_bytes = arrays->index_bytes;
    transposed.values = arrays->values;
    return transposed;
}

nmf_status nmfi_sparse_transpose_alone(const nmf_sparse *from, nmf_sparse *transposed, void **block,
                                       nmf_error *error)
{
    nmfi_sparse_arrays arrays;
    nmfi_arena arena = {0};
    const int64_t lines = nmfi_sparse_minor(from), minor = nmfi_sparse_lines(from);
    nmfi_sparse_take(&arrays, &arena, lines, minor, nmfi_sparse_stored(from), from->dtype, 0);
    const nmf_status status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
    if (status != NMF_OK) return status;
    nmfi_sparse_take(&arrays, &arena, lines, minor, nmfi_sparse_stored(from), from->dtype, 0);
    *transposed = nmfi_sparse_transpose(from, &arrays, NULL);
    *block = arena.base;
    return NMF_OK;
}
