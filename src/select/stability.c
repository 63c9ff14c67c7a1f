/* Matching, silhouettes and mean cosines of components (stability.h). Everything follows from the
 * table of cosines: a mean of unit rows has the mean of their cosines with another one, divided by
 * its own norm. */
#include "select/stability.h"

#include "base/memory.h"
#include "linalg/assignment.h"

#include <math.h>

void nmfi_unit_rows(double *rows, int64_t count, int64_t columns)
{
    for (int64_t i = 0; i < count; i++) {
        double *row = rows + i * columns, largest = 0, squares = 0;
        for (int64_t c = 0; c < columns; c++) largest = fmax(largest, fabs(row[c]));
        if (!(largest > 0)) continue;
        for (int64_t c = 0; c < columns; c++) row[c] /= largest; /* no square overflows */
        for (int64_t c = 0; c < columns; c++) squares += row[c] * row[c];
        const double scale = 1 / sqrt(squares);
        for (int64_t c = 0; c < columns; c++) row[c] *= scale;
    }
}

static double dot(const double *a, const double *b, int64_t count)
{
    double sum[4] = {0, 0, 0, 0};
    int64_t c = 0;
    for (; c + 4 <= count; c += 4)
        for (int i = 0; i < 4; i++) sum[i] += a[c + i] * b[c + i];
    for (; c < count; c++) sum[0] += a[c] * b[c];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void nmfi_row_cosines(const double *rows, int64_t count, int64_t columns, double *cosines)
{
    enum { BLOCK = 16 };
    for (int64_t first = 0; first < count; first += BLOCK)
        for (int64_t a = 0; a < count; a++)
            for (int64_t b = first; b < first + BLOCK && b <= a; b++)
                cosines[a * count + b] = cosines[b * count + a] =
                    dot(rows + a * columns, rows + b * columns, columns);
}

void nmfi_silhouettes(const double *distances, const int64_t *clusters, int64_t count, int64_t k,
                      double *work, double *silhouette)
{
    double *const sum = work, *const size = work + k;
    for (int64_t j = 0; j < k; j++) size[j] = 0;
    for (int64_t i = 0; i < count; i++)
        if (clusters[i] >= 0) size[clusters[i]]++;
    for (int64_t i = 0; i < count; i++) {
        const int64_t own = clusters[i];
        silhouette[i] = own < 0 ? NAN : 0;
        if (own < 0 || size[own] < 2) continue;
        for (int64_t j = 0; j < k; j++) sum[j] = 0;
        for (int64_t p = 0; p < count; p++)
            if (clusters[p] >= 0) sum[clusters[p]] += distances[i * count + p];
        const double inside = sum[own] / (size[own] - 1);
        double nearest = HUGE_VAL;
        for (int64_t j = 0; j < k; j++)
            if (j != own && size[j] > 0) nearest = fmin(nearest, sum[j] / size[j]);
        const double larger = fmax(inside, nearest);
        if (nearest < HUGE_VAL && larger > 0) silhouette[i] = (nearest - inside) / larger;
    }
}

/* --- matching -------------------------------------------------------------------------------- */

typedef struct matching {
    const double *cosines;
    int64_t fits, k;
    int64_t *cluster;
    double *with_mean; /* k x (fits k): sum over cluster j's members of their cosine with a row */
    double *gains;     /* k x k */
    int64_t *partner;
    void *work;
} matching;

/* Sums over the members of each cluster, and what makes a cosine with their mean of them. */
static void sum_members(const matching *m, int64_t fits)
{
    const int64_t count = m->fits * m->k;
    for (int64_t i = 0; i < m->k * count; i++) m->with_mean[i] = 0;
    for (int64_t a = 0; a < fits * m->k; a++) {
        double *sums = m->with_mean + m->cluster[a] * count;
        for (int64_t b = 0; b < count; b++) sums[b] += m->cosines[a * count + b];
    }
}

static double mean_norm(const matching *m, int64_t j, int64_t fits)
{
    double square = 0;
    for (int64_t a = 0; a < fits * m->k; a++)
        if (m->cluster[a] == j) square += m->with_mean[j * m->fits * m->k + a];
    return square > 0 ? sqrt(square) : 1;
}

/* The fits [0, used) tell the means; fit `a` is matched to them. */
static void match_fit(const matching *m, int64_t a, const double *norms)
{
    const int64_t k = m->k, count = m->fits * k;
    for (int64_t j = 0; j < k; j++)
        for (int64_t l = 0; l < k; l++)
            m->gains[j * k + l] = m->with_mean[j * count + a * k + l] / norms[j];
    nmfi_assign(m->gains, k, k, m->partner, m->work);
    for (int64_t j = 0; j < k; j++) m->cluster[a * k + m->partner[j]] = j;
}

static void match_all(const matching *m, double *norms)
{
    enum { ROUNDS = 4 };
    for (int64_t l = 0; l < m->k; l++) m->cluster[l] = l;
    for (int round = 0; round < ROUNDS; round++) {
        const int64_t used = round == 0 ? 1 : m->fits;
        sum_members(m, used);
        for (int64_t j = 0; j < m->k; j++) norms[j] = mean_norm(m, j, used);
        for (int64_t a = 0; a < m->fits; a++) match_fit(m, a, norms);
    }
}

/* Cosines become silhouettes in cosine distance, one number for each component. */
static void judge(const matching *m, nmfi_stability *found)
{
    const int64_t fits = m->fits, k = m->k, count = fits * k;
    for (int64_t j = 0; j < k; j++) found->silhouette[j] = found->cosine[j] = 0;
    sum_members(m, fits);
    for (int64_t a = 0; a < count; a++) {
        const int64_t own = m->cluster[a];
        const double same = m->with_mean[own * count + a] - m->cosines[a * count + a];
        double nearest = HUGE_VAL;
        for (int64_t j = 0; j < k; j++)
            if (j != own) nearest = fmin(nearest, 1 - m->with_mean[j * count + a] / (double)fits);
        const double inside = fits > 1 ? fmax(0, 1 - same / (double)(fits - 1)) : 0;
        const double larger = fmax(inside, nearest);
        if (fits > 1) found->cosine[own] += same / (double)(fits * (fits - 1));
        found->silhouette[own] += (larger > 0 ? (nearest - inside) / larger : 0) / (double)fits;
    }
}

static void summarize(int64_t k, int64_t fits, nmfi_stability *found)
{
    found->worst = HUGE_VAL;
    found->mean = 0;
    found->returning = 0;
    for (int64_t j = 0; j < k; j++) {
        if (k == 1) found->silhouette[j] = 1;
        if (fits == 1) found->silhouette[j] = found->cosine[j] = NAN;
        found->worst = fits == 1 ? NAN : fmin(found->worst, found->silhouette[j]);
        found->mean += found->silhouette[j] / (double)k;
        found->returning += found->cosine[j] >= NMFI_RETURNS;
    }
}

nmf_status nmfi_match_components(const double *cosines, int64_t fits, int64_t k,
                                 nmfi_stability *found, nmf_error *error)
{
    matching m = {.cosines = cosines, .fits = fits, .k = k, .cluster = found->cluster};
    double *norms = NULL;
    nmfi_arena arena = {0};
    for (int pass = 0; pass < 2; pass++) {
        m.with_mean = nmfi_take(&arena, k * fits * k, sizeof(double));
        m.gains = nmfi_take(&arena, k * k, sizeof(double));
        m.partner = nmfi_take(&arena, k, sizeof(int64_t));
        norms = nmfi_take(&arena, k, sizeof(double));
        m.work = nmfi_take(&arena, nmfi_assignment_work_bytes(k, k), 1);
        if (pass == 0 && nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error) != NMF_OK)
            return NMF_ERROR_MEMORY;
    }
    match_all(&m, norms);
    judge(&m, found);
    summarize(k, fits, found);
    nmfi_release(arena.base);
    return NMF_OK;
}
