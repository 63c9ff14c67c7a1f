/* Distances, local density and k-means (cluster.h). A mean's distance from a row follows from products:
 * |x - mean|^2 = x'x - 2 mean over members of x'y + mean over pairs of members of y'z. */
#include "select/cluster.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double square(const double *products, int64_t count, int64_t a, int64_t b)
{
    return fmax(0, products[a * count + a] + products[b * count + b] - 2 * products[a * count + b]);
}

void nmfi_distances(const double *products, int64_t count, double *distances)
{
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b < a; b++)
            distances[a * count + b] = distances[b * count + a] =
                sqrt(square(products, count, a, b));
    for (int64_t a = 0; a < count; a++) distances[a * count + a] = 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void nmfi_local_density(const double *distances, int64_t count, int64_t neighbours, double *work,
                        double *density)
{
    for (int64_t a = 0; a < count; a++) {
        memcpy(work, distances + a * count, (size_t)count * sizeof *work);
        qsort(work, (size_t)count, sizeof *work, ascending);
        density[a] = 0;
        for (int64_t i = 0; i <= neighbours && i < count; i++) /* itself, at distance 0, is first */
            density[a] += work[i] / (double)neighbours;
    }
}

typedef struct kmeans {
    const double *products;
    int64_t count, k, points;
    int64_t *point;      /* rows that take part */
    int64_t *own, *best; /* of each point: its cluster now, and in the best run */
    double *nearest;     /* points: squared distance to the nearest centre so far */
    double *with;        /* points x k: sum of products with each cluster's members */
    double *size, *self; /* k: members, and |mean|^2 */
    uint64_t seed;
} kmeans;

/* The first centres: rows, each drawn with odds by its squared distance from those before. */
static void choose_centres(const kmeans *m, uint32_t run, int64_t *centres)
{
    for (int64_t j = 0; j < m->k; j++) {
        double total = 0, goal;
        for (int64_t p = 0; p < m->points; p++) {
            const double d =
                j == 0 ? 1 : square(m->products, m->count, m->point[p], m->point[centres[j - 1]]);
            m->nearest[p] = j <= 1 ? d : fmin(m->nearest[p], d);
            total += m->nearest[p];
        }
        goal = total * nmfi_uniform(m->seed, NMFI_STREAM_CLUSTERS, run, (uint64_t)j);
        centres[j] = m->points - 1;
        for (int64_t p = 0; p < m->points; p++) {
            goal -= m->nearest[p];
            if (goal < 0) {
                centres[j] = p;
                break;
            }
        }
    }
}

static void take_means(const kmeans *m)
{
    for (int64_t j = 0; j < m->k; j++) m->size[j] = m->self[j] = 0;
    for (int64_t p = 0; p < m->points; p++) {
        double *with = m->with + p * m->k;
        for (int64_t j = 0; j < m->k; j++) with[j] = 0;
        const double *row = m->products + m->point[p] * m->count;
        for (int64_t q = 0; q < m->points; q++) with[m->own[q]] += row[m->point[q]];
        m->size[m->own[p]]++;
        m->self[m->own[p]] += with[m->own[p]];
    }
    for (int64_t j = 0; j < m->k; j++)
        if (m->size[j] > 0) m->self[j] /= m->size[j] * m->size[j];
}

static double from_mean(const kmeans *m, int64_t p, int64_t j)
{
    if (m->size[j] == 0) return HUGE_VAL;
    const int64_t row = m->point[p];
    return fmax(0, m->products[row * m->count + row] - 2 * m->with[p * m->k + j] / m->size[j] +
                       m->self[j]);
}

/* A cluster that lost its last member gets the point farthest from its mean. */
static void fill_empty(const kmeans *m)
{
    for (int64_t j = 0; j < m->k; j++) {
        if (m->size[j] > 0) continue;
        int64_t farthest = 0;
        double most = -1;
        for (int64_t p = 0; p < m->points; p++) {
            const double d = m->size[m->own[p]] > 1 ? from_mean(m, p, m->own[p]) : -1;
            if (d > most) most = d, farthest = p;
        }
        m->own[farthest] = j;
        take_means(m);
    }
}

/* One round of Lloyd's; the sum of squared distances, and whether a point changed its cluster. */
static double move_points(const kmeans *m, int *changed)
{
    double inertia = 0;
    *changed = 0;
    for (int64_t p = 0; p < m->points; p++) {
        int64_t nearest = m->own[p];
        double least = from_mean(m, p, nearest);
        for (int64_t j = 0; j < m->k; j++) {
            const double d = from_mean(m, p, j);
            if (d < least) least = d, nearest = j;
        }
        *changed |= nearest != m->own[p];
        m->own[p] = nearest;
        inertia += least;
    }
    return inertia;
}

static double run_once(const kmeans *m, uint32_t run, int64_t *centres)
{
    enum { ROUNDS = 300 };
    double inertia = HUGE_VAL;
    int changed = 1;
    choose_centres(m, run, centres);
    for (int64_t p = 0; p < m->points; p++) {
        double least = HUGE_VAL;
        for (int64_t j = 0; j < m->k; j++) {
            const double d = square(m->products, m->count, m->point[p], m->point[centres[j]]);
            if (d < least) least = d, m->own[p] = j;
        }
    }
    for (int round = 0; round < ROUNDS && changed; round++) {
        take_means(m);
        fill_empty(m);
        inertia = move_points(m, &changed);
    }
    return inertia;
}

nmf_status nmfi_cluster(const double *products, int64_t count, int64_t k, int64_t starts,
                        uint64_t seed, int64_t *cluster, double *inertia, nmf_error *error)
{
    kmeans m = {.products = products, .count = count, .k = k, .seed = seed};
    int64_t *centres = NULL;
    nmfi_arena arena = {0};
    for (int pass = 0; pass < 2; pass++) {
        m.point = nmfi_take(&arena, count, sizeof(int64_t));
        m.own = nmfi_take(&arena, count, sizeof(int64_t));
        m.best = nmfi_take(&arena, count, sizeof(int64_t));
        m.nearest = nmfi_take(&arena, count, sizeof(double));
        m.with = nmfi_take(&arena, count, nmfi_product(k, sizeof(double)));
        m.size = nmfi_take(&arena, k, sizeof(double));
        m.self = nmfi_take(&arena, k, sizeof(double));
        centres = nmfi_take(&arena, k, sizeof(int64_t));
        if (pass == 0 && nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error) != NMF_OK)
            return NMF_ERROR_MEMORY;
    }
    for (int64_t i = 0; i < count; i++)
        if (cluster[i] >= 0) m.point[m.points++] = i;
    *inertia = HUGE_VAL;
    for (int64_t s = 0; s < starts; s++) {
        const double found = run_once(&m, (uint32_t)s, centres);
        if (found >= *inertia) continue;
        *inertia = found;
        memcpy(m.best, m.own, (size_t)m.points * sizeof *m.best);
    }
    for (int64_t p = 0; p < m.points; p++) cluster[m.point[p]] = m.best[p];
    nmfi_release(arena.base);
    return NMF_OK;
}
