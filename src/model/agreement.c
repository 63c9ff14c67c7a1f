/* Agreement of two ways of grouping, from their table of counts: see <nmfkit/shares.h>. */
#include <nmfkit/shares.h>

#include <math.h>
#include <stdlib.h>

/* counts[i * columns + j]: samples in row group i and column group j. */
typedef struct table {
    int64_t rows, columns, samples;
    double *counts, *of_rows, *of_columns;
} table;

static void free_table(table *t)
{
    free(t->counts);
    free(t->of_rows);
    free(t->of_columns);
}

static int fill_table(const int64_t *first, const int64_t *second, table *t)
{
    const size_t rows = (size_t)t->rows, columns = (size_t)t->columns;
    t->counts =
        rows <= SIZE_MAX / sizeof(double) / columns ? calloc(rows * columns, sizeof(double)) : NULL;
    t->of_rows = calloc(rows, sizeof(double));
    t->of_columns = calloc(columns, sizeof(double));
    if (t->counts == NULL || t->of_rows == NULL || t->of_columns == NULL) return 0;
    for (int64_t s = 0; s < t->samples; s++) {
        t->counts[first[s] * t->columns + second[s]]++;
        t->of_rows[first[s]]++;
        t->of_columns[second[s]]++;
    }
    return 1;
}

static double entropy(const double *sizes, int64_t count, double samples)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        if (sizes[i] > 0.0) sum -= sizes[i] / samples * log(sizes[i] / samples);
    return sum;
}

static int64_t groups_in_use(const double *sizes, int64_t count)
{
    int64_t used = 0;
    for (int64_t i = 0; i < count; i++) used += sizes[i] > 0.0;
    return used;
}

static double mutual_information(const table *t)
{
    const double samples = (double)t->samples;
    if (groups_in_use(t->of_rows, t->rows) == 1 && groups_in_use(t->of_columns, t->columns) == 1)
        return 1.0; /* nothing to tell apart, and so no disagreement */
    double shared = 0.0;
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t j = 0; j < t->columns; j++) {
            const double count = t->counts[i * t->columns + j];
            if (count > 0.0)
                shared +=
                    count / samples * log(count * samples / (t->of_rows[i] * t->of_columns[j]));
        }
    const double mean =
        0.5 * (entropy(t->of_rows, t->rows, samples) + entropy(t->of_columns, t->columns, samples));
    return shared <= 0.0 || mean <= 0.0 ? 0.0 : shared / mean;
}

static double pairs(double count)
{
    return 0.5 * count * (count - 1.0);
}

static double rand_index(const table *t)
{
    double together = 0.0, in_rows = 0.0, in_columns = 0.0;
    for (int64_t i = 0; i < t->rows * t->columns; i++) together += pairs(t->counts[i]);
    for (int64_t i = 0; i < t->rows; i++) in_rows += pairs(t->of_rows[i]);
    for (int64_t j = 0; j < t->columns; j++) in_columns += pairs(t->of_columns[j]);
    const double all = pairs((double)t->samples);
    const double chance = all > 0.0 ? in_rows * in_columns / all : 0.0;
    const double most = 0.5 * (in_rows + in_columns);
    return most == chance ? 1.0 : (together - chance) / (most - chance);
}

static nmf_status match_groups(const table *t, double *matched, nmf_error *error)
{
    int64_t *partner = calloc((size_t)t->rows, sizeof *partner);
    const nmf_status status =
        partner
            ? nmf_best_matching(t->counts, t->rows, t->columns, partner, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld partners", (long long)t->rows);
    *matched = 0.0;
    for (int64_t i = 0; status == NMF_OK && i < t->rows; i++)
        if (partner[i] >= 0) *matched += t->counts[i * t->columns + partner[i]];
    free(partner);
    return status;
}

static nmf_status check(const int64_t *first, const int64_t *second, int64_t samples,
                        int64_t classes, int64_t groups, nmf_error *error)
{
    if (!first || !second || samples < 1 || classes < 1 || groups < 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "agreement needs two groups for each of at least one sample");
    for (int64_t s = 0; s < samples; s++)
        if (first[s] < 0 || first[s] >= classes || second[s] < 0 || second[s] >= groups)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "sample %lld is in class %lld of %lld and group %lld of %lld",
                            (long long)s, (long long)first[s], (long long)classes,
                            (long long)second[s], (long long)groups);
    return NMF_OK;
}

nmf_status nmf_agree(const int64_t *first, const int64_t *second, int64_t samples, int64_t classes,
                     int64_t groups, nmf_agreement *agreement, nmf_error *error)
{
    if (!agreement) return nmf_fail(error, NMF_ERROR_ARGUMENT, "agreement is NULL");
    nmf_status status = check(first, second, samples, classes, groups, error);
    if (status != NMF_OK) return status;
    table t = {.rows = classes, .columns = groups, .samples = samples};
    double matched = 0.0;
    status = fill_table(first, second, &t)
                 ? match_groups(&t, &matched, error)
                 : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a table of %lld x %lld groups",
                            (long long)classes, (long long)groups);
    if (status == NMF_OK) {
        agreement->nmi = mutual_information(&t);
        agreement->ari = rand_index(&t);
        agreement->accuracy = matched / (double)samples;
    }
    free_table(&t);
    return status;
}
