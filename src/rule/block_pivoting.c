/* One row's non-negative least squares problem, exactly: find the set F of free coordinates with
 * x_F = G_FF^-1 p_F >= 0 and gradient G x - p >= 0 elsewhere, by exchanging all coordinates that
 * violate either at once, with the single-exchange fallback that makes it finite where G is
 * definite. Components that depend on each other make G singular, so each exchange solves the
 * problem with a term added that holds x near where it was, 1/2 d (x - x_before)' diag(G) (x -
 * x_before): definite, and repeated, its solutions go to one without it. Sources: Kim & Park 2011
 * (block principal pivoting); Judice & Pires 1994 (the fallback); Rockafellar 1976 (proximal
 * points). */
#include "rule/rule.h"

#include <math.h>
#include <string.h>

typedef struct pivoting {
    const double *gram;
    double *p; /* with what the nearness term adds */
    int64_t k;
    double nearness; /* of the diagonal: what is added to it */
    double *L;       /* Cholesky factor of G_FF, nf x nf */
    double *s;       /* solution on the free set */
    double *value;   /* x where free, the gradient elsewhere: negative is a violation */
    int64_t *set;    /* the free coordinates, ascending */
    int64_t *free;   /* 1 where free */
    int64_t nf;
} pivoting;

int64_t nmfi_pivot_work_bytes(int64_t k)
{
    return (k * k + 4 * k) * (int64_t)sizeof(double) + 2 * k * (int64_t)sizeof(int64_t);
}

static pivoting lay_out(const double *gram, int64_t k, void *work)
{
    pivoting v = {.gram = gram, .k = k, .L = work};
    v.s = v.L + k * k;
    v.value = v.s + k;
    v.p = v.value + k;
    v.set = (int64_t *)(v.p + k);
    v.free = v.set + k;
    return v;
}

/* Cholesky factor on the free set. Trap: raising only the pivots that vanish would make each free
 * set a problem of its own, between which the exchange cycles. */
static void factor(pivoting *v)
{
    double *L = v->L;
    const int64_t nf = v->nf;
    for (int64_t i = 0; i < nf; i++) {
        const double *row = v->gram + v->set[i] * v->k;
        const double diagonal = row[v->set[i]];
        for (int64_t j = 0; j <= i; j++) {
            double sum = row[v->set[j]] + (i == j ? v->nearness * diagonal : 0.0);
            for (int64_t l = 0; l < j; l++) sum -= L[i * nf + l] * L[j * nf + l];
            if (i != j)
                L[i * nf + j] = sum / L[j * nf + j];
            else
                L[i * nf + i] = sqrt(fmax(sum, 0.1 * v->nearness * diagonal));
        }
    }
}

/* x <- (L L')^-1 x */
static void substitute(const pivoting *v, double *x)
{
    const double *L = v->L;
    const int64_t nf = v->nf;
    for (int64_t i = 0; i < nf; i++) {
        double sum = x[i];
        for (int64_t l = 0; l < i; l++) sum -= L[i * nf + l] * x[l];
        x[i] = sum / L[i * nf + i];
    }
    for (int64_t i = nf - 1; i >= 0; i--) {
        double sum = x[i];
        for (int64_t l = i + 1; l < nf; l++) sum -= L[l * nf + i] * x[l];
        x[i] = sum / L[i * nf + i];
    }
}

/* s = G_FF^-1 p_F */
static void solve(pivoting *v)
{
    for (int64_t i = 0; i < v->nf; i++) v->s[i] = v->p[v->set[i]];
    substitute(v, v->s);
}

/* Values on and off the free set; how many violate their sign. */
static int64_t evaluate(pivoting *v)
{
    int64_t violations = 0;
    for (int64_t i = 0; i < v->nf; i++) v->value[v->set[i]] = v->s[i];
    for (int64_t j = 0; j < v->k; j++) {
        if (!v->free[j]) {
            double gradient = -v->p[j], scale = fabs(v->p[j]);
            for (int64_t i = 0; i < v->nf; i++) {
                const double term = v->gram[j * v->k + v->set[i]] * v->s[i];
                gradient += term;
                scale += fabs(term);
            }
            const int dead = !(v->gram[j * v->k + j] > 0);
            v->value[j] = !dead && gradient < -1e-14 * (double)v->k * scale ? gradient : 0.0;
        }
        violations += v->value[j] < 0;
    }
    return violations;
}

/* Coordinate descent from x, which cannot cycle, should rounding keep the exchange from ending. */
static void descend(const pivoting *v, const double *p, double *x)
{
    enum { SWEEPS = 2000 };
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double change = 0, size = 0;
        for (int64_t j = 0; j < v->k; j++) {
            const double *row = v->gram + j * v->k;
            if (!(row[j] > 0)) continue;
            double r = p[j];
            for (int64_t l = 0; l < v->k; l++) r -= row[l] * x[l];
            const double next = fmax(0.0, x[j] + r / row[j]);
            change += (next - x[j]) * (next - x[j]) * row[j];
            size += next * next * row[j];
            x[j] = next;
        }
        if (change <= 1e-30 * size) break;
    }
}

/* The exchange, from the free set as it is. Returns how many coordinates still violate. */
static int64_t exchange(pivoting *v)
{
    int64_t fewest = v->k + 1, patience = 3, violations = v->k;
    for (int64_t round = 0; violations > 0 && round < 10 * v->k + 50; round++) {
        v->nf = 0;
        for (int64_t j = 0; j < v->k; j++)
            if (v->free[j]) v->set[v->nf++] = j;
        factor(v);
        solve(v);
        violations = evaluate(v);
        const int all = violations < fewest || patience > 0;
        patience = violations < fewest ? 3 : patience - 1;
        fewest = violations < fewest ? violations : fewest;
        for (int64_t j = v->k - 1; j >= 0; j--) {
            if (v->value[j] >= 0) continue;
            v->free[j] = !v->free[j];
            if (!all) break; /* the last one only: this cannot cycle */
        }
    }
    return violations;
}

/* x moves to what was found; the largest gradient that the nearness term stood for, beside p's. */
static double move(const pivoting *v, const double *p, double *x)
{
    double left = 0, size = 0;
    for (int64_t j = 0; j < v->k; j++) {
        const double found = v->free[j] && v->value[j] > 0 ? v->value[j] : 0.0;
        left = fmax(left, v->nearness * v->gram[j * v->k + j] * fabs(found - x[j]));
        size = fmax(size, fabs(p[j]));
        x[j] = found;
    }
    return size > 0 ? left / size : 0.0;
}

void nmfi_pivot(const double *gram, const double *p, int64_t k, double rounding, double *x,
                void *work)
{
    enum { ROUNDS = 20 };
    pivoting v = lay_out(gram, k, work);
    v.nearness = (double)(64 + k) * rounding;
    for (int64_t j = 0; j < k; j++) v.free[j] = x[j] > 0 && gram[j * k + j] > 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int64_t j = 0; j < k; j++) v.p[j] = p[j] + v.nearness * gram[j * k + j] * x[j];
        if (exchange(&v) > 0) {
            descend(&v, p, x);
            break;
        }
        if (move(&v, p, x) <= rounding) break;
    }
}
