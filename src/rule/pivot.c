/* One row's non-negative least squares problem, exactly: find the set F of free coordinates with
 * x_F = G_FF^-1 p_F >= 0 and gradient G x - p >= 0 elsewhere, by exchanging all coordinates that
 * violate either at once, with the single-exchange fallback that makes it finite. Source: Kim &
 * Park 2011 (block principal pivoting); Judice & Pires 1994 (the fallback). */
#include "rule/rule.h"

#include <math.h>
#include <string.h>

typedef struct pivoting {
    const double *gram, *p;
    int64_t k;
    double
        least_pivot; /* of the diagonal: what G's own rounding may leave of a pivot that vanishes */
    double *L;       /* Cholesky factor of G_FF, nf x nf */
    double *s;       /* solution on the free set */
    double *value;   /* x where free, the gradient elsewhere: negative is a violation */
    int64_t *set;    /* the free coordinates, ascending */
    int64_t *free;   /* 1 where free */
    int64_t nf;
} pivoting;

int64_t nmfi_pivot_work_bytes(int64_t k)
{
    return (k * k + 2 * k) * (int64_t)sizeof(double) + 2 * k * (int64_t)sizeof(int64_t);
}

static pivoting lay_out(const double *gram, const double *p, int64_t k, void *work)
{
    pivoting v = {.gram = gram, .p = p, .k = k, .L = work};
    v.s = v.L + k * k;
    v.value = v.s + k;
    v.set = (int64_t *)(v.value + k);
    v.free = v.set + k;
    return v;
}

/* Where components depend on each other a pivot vanishes; kept just above that, the problem stays
 * definite, for which the exchange is known to end, and its solution a solution to rounding. */
static void factor(pivoting *v)
{
    double *L = v->L;
    const int64_t nf = v->nf;
    for (int64_t i = 0; i < nf; i++) {
        const double *row = v->gram + v->set[i] * v->k;
        for (int64_t j = 0; j <= i; j++) {
            double sum = row[v->set[j]];
            for (int64_t l = 0; l < j; l++) sum -= L[i * nf + l] * L[j * nf + l];
            if (i != j)
                L[i * nf + j] = sum / L[j * nf + j];
            else
                L[i * nf + i] = sqrt(fmax(sum, v->least_pivot * row[v->set[i]]));
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

/* s = G_FF^-1 p_F, refined: what raising the pivots changed is taken back where G allows it. */
static void solve(pivoting *v)
{
    enum { REFINEMENTS = 3 };
    const int64_t nf = v->nf;
    double *residual = v->value; /* not yet in use */
    for (int64_t i = 0; i < nf; i++) v->s[i] = 0;
    for (int round = 0; round <= REFINEMENTS; round++) {
        for (int64_t i = 0; i < nf; i++) {
            const double *row = v->gram + v->set[i] * v->k;
            residual[i] = v->p[v->set[i]];
            for (int64_t l = 0; l < nf; l++) residual[i] -= row[v->set[l]] * v->s[l];
        }
        substitute(v, residual);
        for (int64_t i = 0; i < nf; i++) v->s[i] += residual[i];
    }
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

/* 1/2 x'Gx - p'x */
static double objective(const pivoting *v, const double *x)
{
    double sum = 0;
    for (int64_t j = 0; j < v->k; j++) {
        if (x[j] == 0) continue;
        double gx = 0;
        for (int64_t l = 0; l < v->k; l++) gx += v->gram[j * v->k + l] * x[l];
        sum += x[j] * (0.5 * gx - v->p[j]);
    }
    return sum;
}

/* Coordinate descent from x, which cannot cycle: for what the exchange leaves where components
 * depend on each other. */
static void descend(const pivoting *v, double *x)
{
    enum { SWEEPS = 2000 };
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double change = 0, size = 0;
        for (int64_t j = 0; j < v->k; j++) {
            const double *row = v->gram + j * v->k;
            if (!(row[j] > 0)) continue;
            double r = v->p[j];
            for (int64_t l = 0; l < v->k; l++) r -= row[l] * x[l];
            const double next = fmax(0.0, x[j] + r / row[j]);
            change += (next - x[j]) * (next - x[j]) * row[j];
            size += next * next * row[j];
            x[j] = next;
        }
        if (change <= 1e-30 * size) break;
    }
}

void nmfi_pivot(const double *gram, const double *p, int64_t k, double rounding, double *x,
                void *work)
{
    pivoting v = lay_out(gram, p, k, work);
    v.least_pivot = 16 * rounding;
    int64_t fewest = k + 1, patience = 3, violations = k;
    for (int64_t j = 0; j < k; j++) v.free[j] = x[j] > 0 && gram[j * k + j] > 0;
    for (int64_t round = 0; violations > 0 && round < 10 * k + 50; round++) {
        v.nf = 0;
        for (int64_t j = 0; j < k; j++)
            if (v.free[j]) v.set[v.nf++] = j;
        factor(&v);
        solve(&v);
        violations = evaluate(&v);
        const int all = violations < fewest || patience > 0;
        patience = violations < fewest ? 3 : patience - 1;
        fewest = violations < fewest ? violations : fewest;
        for (int64_t j = k - 1; j >= 0; j--) {
            if (v.value[j] >= 0) continue;
            v.free[j] = !v.free[j];
            if (!all) break; /* the last one only: this cannot cycle */
        }
    }
    double *found = v.value;
    for (int64_t j = 0; j < k; j++) found[j] = v.free[j] && found[j] > 0 ? found[j] : 0.0;
    /* Where G is singular to rounding the exchange may end in a worse place than it began. */
    if (objective(&v, found) <= objective(&v, x)) memcpy(x, found, (size_t)k * sizeof *x);
    if (violations > 0) descend(&v, x);
}
