/* A row's problem between bounds, exactly, by an active set: of the entries that lie on no bound the minimum
 * is a linear system; the way there ends at the first bound that it meets, which then holds its entry, and at
 * the minimum the entry whose bound holds it back most is let go. No step raises the objective, so it ends,
 * and every point on the way is allowed. A sum is one more equation, its multiplier one more unknown.
 * Components that depend on each other make G singular: a term is added that holds x near where it was
 * (block_pivoting.c). Sources: Nocedal & Wright 2006, section 16.5; for unmixing, Heinz & Chang 2001. */
#include "rule/bounded_row.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- gradients --------------------------------------------------------------------------------- */

static double between(double value, double low, double high)
{
    const double raised = value > low ? value : low; /* low where it is NaN */
    return raised < high ? raised : high;
}

/* What of g + multiplier counts at entry j. */
static double counted(const nmfi_row_bounds *b, const double *x, const double *g, int64_t j,
                      double multiplier)
{
    const double at = g[j] + multiplier;
    const double upwards = x[j] > b->lower[j] ? at : fmin(at, 0);
    return x[j] < b->upper[j] ? upwards : fmax(upwards, 0);
}

/* The multiplier of the sum that leaves the least: where what counts adds up to 0, as it falls with it. */
static double multiplier_of(const nmfi_row_bounds *b, const double *x, const double *g)
{
    enum { HALVINGS = 60 };
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int64_t j = 0; j < b->k; j++) {
        if (!(b->lower[j] < b->upper[j])) continue;
        low = fmin(low, -g[j]);
        high = fmax(high, -g[j]);
    }
    if (!(low < high)) return low < HUGE_VAL ? low : 0;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = 0.5 * (low + high);
        double sum = 0;
        for (int64_t j = 0; j < b->k; j++) sum += counted(b, x, g, j, middle);
        if (sum < 0)
            low = middle;
        else
            high = middle;
    }
    return 0.5 * (low + high);
}

void nmfi_row_project_gradient(const nmfi_row_bounds *b, const double *x, const double *g,
                               double *pg)
{
    const double multiplier = b->sum > 0 ? multiplier_of(b, x, g) : 0;
    for (int64_t j = 0; j < b->k; j++) pg[j] = counted(b, x, g, j, multiplier);
}

/* --- the active set ---------------------------------------------------------------------------- */

typedef struct active_set {
    const nmfi_row_bounds *bounds;
    const double *gram;
    int64_t k, nf;
    double nearness;
    double *L;      /* Cholesky factor of the free entries' G, nf x nf */
    double *p;      /* with what the nearness term adds */
    double *u, *v;  /* solutions on the free set */
    double *before; /* x at the start of a round */
    int64_t *set;   /* the free entries, ascending */
    int64_t *held;  /* -1: at its lower bound, 1: at its upper one, 0: free */
} active_set;

/* k^2 + 4 k numbers and 2 k integers: nmfi_pivot_work_bytes(k). */
static active_set lay_out(const nmfi_row_bounds *bounds, const double *gram, void *work)
{
    const int64_t k = bounds->k;
    active_set a = {.bounds = bounds, .gram = gram, .k = k, .L = work};
    a.p = a.L + k * k;
    a.u = a.p + k;
    a.v = a.u + k;
    a.before = a.v + k;
    a.set = (int64_t *)(a.before + k);
    a.held = a.set + k;
    return a;
}

/* What is added to diagonal entry j: in proportion to it, and to something where it is 0. */
static double added(const active_set *a, int64_t j)
{
    const double diagonal = a->gram[j * a->k + j];
    return a->nearness * (diagonal > 0 ? diagonal : 1);
}

static double entry(const active_set *a, int64_t i, int64_t j)
{
    return a->gram[i * a->k + j] + (i == j ? added(a, i) : 0);
}

static void factor(active_set *a)
{
    const int64_t nf = a->nf;
    for (int64_t i = 0; i < nf; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = entry(a, a->set[i], a->set[j]);
            for (int64_t l = 0; l < j; l++) sum -= a->L[i * nf + l] * a->L[j * nf + l];
            if (i != j)
                a->L[i * nf + j] = sum / a->L[j * nf + j];
            else
                a->L[i * nf + i] = sqrt(fmax(sum, 0.1 * added(a, a->set[i])));
        }
}

static void substitute(const active_set *a, double *x)
{
    const int64_t nf = a->nf;
    for (int64_t i = 0; i < nf; i++) {
        for (int64_t l = 0; l < i; l++) x[i] -= a->L[i * nf + l] * x[l];
        x[i] /= a->L[i * nf + i];
    }
    for (int64_t i = nf - 1; i >= 0; i--) {
        for (int64_t l = i + 1; l < nf; l++) x[i] -= a->L[l * nf + i] * x[l];
        x[i] /= a->L[i * nf + i];
    }
}

/* u: the minimum over the free entries, the others where they are. */
static void aim(active_set *a, const double *x)
{
    double left = a->bounds->sum, of_u = 0, of_v = 0;
    a->nf = 0;
    for (int64_t j = 0; j < a->k; j++)
        if (a->held[j] == 0) a->set[a->nf++] = j;
    if (a->nf == 0) return;
    factor(a);
    for (int64_t i = 0; i < a->nf; i++) {
        a->u[i] = a->p[a->set[i]];
        a->v[i] = 1;
        for (int64_t j = 0; j < a->k; j++)
            if (a->held[j] != 0) a->u[i] -= a->gram[a->set[i] * a->k + j] * x[j];
    }
    substitute(a, a->u);
    if (!(a->bounds->sum > 0)) return;
    substitute(a, a->v);
    for (int64_t j = 0; j < a->k; j++)
        if (a->held[j] != 0) left -= x[j];
    for (int64_t i = 0; i < a->nf; i++) of_u += a->u[i], of_v += a->v[i];
    for (int64_t i = 0; i < a->nf; i++) a->u[i] += (left - of_u) / of_v * a->v[i];
}

/* Moves towards u up to the first bound; 1 if one was met, which then holds its entry. */
static int advance(active_set *a, double *x)
{
    double step = 1;
    int64_t met = -1, side = 0;
    for (int64_t i = 0; i < a->nf; i++) {
        const int64_t j = a->set[i];
        const double low = a->bounds->lower[j], high = a->bounds->upper[j], to = a->u[i];
        const double allowed = to < low    ? (low - x[j]) / (to - x[j])
                               : to > high ? (high - x[j]) / (to - x[j])
                                           : 1;
        if (allowed >= step) continue;
        step = allowed;
        met = j;
        side = to < low ? -1 : 1;
    }
    for (int64_t i = 0; i < a->nf; i++) {
        const int64_t j = a->set[i];
        x[j] = between(x[j] + step * (a->u[i] - x[j]), a->bounds->lower[j], a->bounds->upper[j]);
    }
    if (met < 0) return 0;
    x[met] = side < 0 ? a->bounds->lower[met] : a->bounds->upper[met];
    a->held[met] = side;
    return 1;
}

/* The gradient at entry j with the nearness term, and the size of its terms. */
static double gradient(const active_set *a, const double *x, int64_t j, double *size)
{
    double g = added(a, j) * x[j] - a->p[j];
    *size = fabs(a->p[j]);
    for (int64_t l = 0; l < a->k; l++) {
        const double term = a->gram[j * a->k + l] * x[l];
        g += term;
        *size += fabs(term);
    }
    return g;
}

/* Lets go of the entry whose bound holds it back most; 0 if there is none. */
static int release(active_set *a, const double *x)
{
    static const double slack = 1e-14;
    double multiplier = 0, size = 0, most = 0;
    int64_t best = -1;
    if (a->bounds->sum > 0) {
        for (int64_t i = 0; i < a->nf; i++) multiplier -= gradient(a, x, a->set[i], &size);
        multiplier = a->nf > 0 ? multiplier / (double)a->nf : -HUGE_VAL;
    }
    for (int64_t j = 0; j < a->k; j++) {
        if (a->held[j] == 0 || !(a->bounds->lower[j] < a->bounds->upper[j])) continue;
        const double g = gradient(a, x, j, &size);
        if (multiplier ==
            -HUGE_VAL) { /* nothing is free: what falls first sets the price of the rest */
            if (a->held[j] > 0 || (best >= 0 && g >= most)) continue;
            most = g;
            best = j;
            continue;
        }
        const double by = a->held[j] < 0 ? -(g + multiplier) : g + multiplier;
        if (by <= slack * (double)a->k * (size + fabs(multiplier)) || by <= most) continue;
        most = by;
        best = j;
    }
    if (best < 0) return 0;
    a->held[best] = 0;
    return 1;
}

void nmfi_row_solve(const nmfi_row_bounds *bounds, const double *gram, const double *p,
                    double rounding, double *x, void *work)
{
    enum { ROUNDS = 20 };
    active_set a = lay_out(bounds, gram, work);
    const int64_t k = a.k, most = 50 + 20 * k;
    a.nearness = (double)(64 + k) * rounding;
    for (int64_t j = 0; j < k; j++)
        a.held[j] = x[j] <= bounds->lower[j] ? -1 : x[j] >= bounds->upper[j] ? 1 : 0;
    for (int round = 0; round < ROUNDS; round++) {
        double left = 0, size = 0;
        memcpy(a.before, x, (size_t)k * sizeof *x);
        for (int64_t j = 0; j < k; j++) a.p[j] = p[j] + added(&a, j) * x[j];
        for (int64_t i = 0; i < most; i++) {
            aim(&a, x);
            if (!advance(&a, x) && !release(&a, x)) break;
        }
        for (int64_t j = 0; j < k; j++) {
            left = fmax(left, added(&a, j) * fabs(x[j] - a.before[j]));
            size = fmax(size, fabs(p[j]));
        }
        if (left <= 16 * rounding * size) break;
    }
}
