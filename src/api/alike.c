/* See alike.h. Small things are hashed whole. Of what has a row for each sample, a process looks at its own rows and at
 * those of the next process: where all see the same, the fingerprints of the ones and of the others have the same sum.
 * Rows and columns that are somebody's cover X as well, each once. */
#include "api/alike.h"

#include "base/comm.h"
#include "data/matrix.h"
#include "data/source.h"
#include "fit/constraints.h"
#include "pass/pass.h"

#include <string.h>

uint64_t nmfi_stir(uint64_t hash, uint64_t word)
{
    hash ^= word + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xbf58476d1ce4e5b9u;
}

/* --- options and shapes ---------------------------------------------------------------------------- */

static int is_own(const nmf_option_info *option)
{
    static const char *const names[] = {"threads", "block_rows", "memory_limit_bytes",
                                        "time_limit_seconds"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(option->field, names[i]) == 0) return 1;
    return 0;
}

/* Every option but what a process may have for itself. (Not the time limit, of which each has what reading
 * left: they decide together when it is over.) */
static uint64_t of_options(const nmf_options *o)
{
    uint64_t hash = 0;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++) {
        char text[64] = {0};
        if (is_own(&table[i])) continue;
        nmf_option_get(o, &table[i], text, sizeof text);
        for (size_t c = 0; c < sizeof text; c++) hash = nmfi_stir(hash, (unsigned char)text[c]);
    }
    return hash;
}

static uint64_t shape_of(const nmf_matrix *matrix)
{
    uint64_t hash = 1;
    if (!matrix) return 0;
    hash = nmfi_stir(hash, (uint64_t)nmf_matrix_rows(matrix));
    hash = nmfi_stir(hash, (uint64_t)nmf_matrix_columns(matrix));
    hash = nmfi_stir(hash, (uint64_t)nmf_matrix_dtype(matrix));
    hash = nmfi_stir(hash, (uint64_t)nmf_matrix_is_sparse(matrix));
    return nmfi_stir(hash, (uint64_t)nmf_matrix_is_in_memory(matrix));
}

/* Of what may have a row for each sample, which is looked at below, or one for all of them. */
static uint64_t bound_of(const nmf_matrix *X, const nmf_matrix *bound)
{
    const int of_all = bound && nmf_matrix_rows(bound) != nmf_matrix_rows(X);
    return of_all ? nmf_matrix_fingerprint(bound) : shape_of(bound);
}

/* What decides how many passes there are, of what shape; what all use. */
static int64_t signature(const nmf_matrix *X, const nmf_options *o, nmfi_uses uses, uint64_t wishes)
{
    const nmf_constraints c = nmfi_constraints_of(o);
    const int whole = uses == NMFI_USES_ALL && nmf_matrix_is_in_memory(X);
    const uint64_t words[] = {shape_of(X),
                              (uint64_t)nmf_matrix_stored(X),
                              (uint64_t)nmf_matrix_missing(X),
                              whole ? nmf_matrix_fingerprint(X) : 1,
                              shape_of(X->weights),
                              whole ? nmf_matrix_fingerprint(X->weights) : 1,
                              wishes,
                              (uint64_t)(o->checkpoints != NULL),
                              shape_of(o->start_W),
                              nmf_matrix_fingerprint(o->start_H),
                              nmf_matrix_fingerprint(c.H),
                              nmf_matrix_fingerprint(c.keep_H),
                              nmf_matrix_fingerprint(c.lower_H),
                              nmf_matrix_fingerprint(c.upper_H),
                              shape_of(c.W),
                              bound_of(X, c.lower_W),
                              bound_of(X, c.upper_W),
                              of_options(o)};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) hash = nmfi_stir(hash, words[i]);
    return (int64_t)(hash >> 2); /* its negative is there too */
}

/* --- entries --------------------------------------------------------------------------------------- */

static uint64_t of_rows(const nmf_matrix *matrix, nmfi_partition rows)
{
    const nmfi_window window = {
        .first_row = rows.first_row, .rows = rows.count, .columns = nmf_matrix_columns(matrix)};
    return nmfi_fingerprint_of_window(matrix, &window);
}

static uint64_t of_columns(const nmf_matrix *matrix, nmfi_partition columns)
{
    const nmfi_window window = {.rows = nmf_matrix_rows(matrix),
                                .first_column = columns.first_row,
                                .columns = columns.count};
    return nmfi_fingerprint_of_window(matrix, &window);
}

/* Numbers that add up to 0 over the processes where they see the same. */
static uint64_t difference(const nmf_comm *comm, const nmf_matrix *matrix, nmfi_uses uses)
{
    if (!matrix || !nmf_matrix_is_in_memory(matrix)) return 0;
    const int64_t rows = nmf_matrix_rows(matrix), next = (comm->rank + 1) % comm->size;
    const uint64_t own = of_rows(matrix, nmfi_partition_spread(rows, comm));
    const uint64_t of_next = of_rows(matrix, nmfi_partition_of_rank(rows, comm, next));
    if (uses != NMFI_USES_LINES || !nmf_matrix_is_sparse(matrix)) return own - of_next;
    const nmfi_partition columns = nmfi_partition_spread(nmf_matrix_columns(matrix), comm);
    return own - of_next + 2 * (own - of_columns(matrix, columns));
}

static int have_same_entries(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *o,
                             nmfi_uses uses)
{
    const nmf_constraints c = nmfi_constraints_of(o);
    uint64_t sum = difference(comm, o->start_W, NMFI_USES_ROWS);
    if (uses != NMFI_USES_ALL)
        sum += difference(comm, X, uses) + 3 * difference(comm, X->weights, NMFI_USES_ROWS);
    sum += 5 * difference(comm, c.W, NMFI_USES_ROWS) +
           7 * difference(comm, c.lower_W, NMFI_USES_ROWS) +
           9 * difference(comm, c.upper_W, NMFI_USES_ROWS);
    return nmfi_comm_sum(comm, sum) == 0;
}

nmf_status nmfi_check_alike(const nmf_matrix *X, const nmf_options *options, nmfi_uses uses,
                            uint64_t wishes, nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    if (!comm || (nmfi_comm_same(comm, signature(X, options, uses, wishes)) &&
                  have_same_entries(comm, X, options, uses)))
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "the %lld processes that share this were given other data or other options "
                    "than each other",
                    (long long)comm->size);
}
