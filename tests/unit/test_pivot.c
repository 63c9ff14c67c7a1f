/* One row's non-negative least squares problem, exactly: against all sets of free coordinates, and
 * against the optimality conditions. */
#include "rule/rule.h"
#include "support.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LARGEST_K = 60 };

typedef struct problem {
    int64_t k;
    double G[LARGEST_K * LARGEST_K], p[LARGEST_K];
} problem;

/* G = A A' with A k x rank, p = A b: what a row b of data gives. rank < k: dependent components. */
static void make_problem(problem *q, uint64_t *seed, int64_t k, int64_t rank, double lowest)
{
    static double A[LARGEST_K][2 * LARGEST_K], b[2 * LARGEST_K];
    q->k = k;
    for (int64_t i = 0; i < rank; i++) b[i] = unit_uniform(seed, -1, 1);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < rank; i++) A[j][i] = unit_uniform(seed, lowest, 1);
    for (int64_t j = 0; j < k; j++) {
        q->p[j] = 0;
        for (int64_t i = 0; i < rank; i++) q->p[j] += A[j][i] * b[i];
        for (int64_t l = 0; l < k; l++) {
            double sum = 0;
            for (int64_t i = 0; i < rank; i++) sum += A[j][i] * A[l][i];
            q->G[j * k + l] = sum;
        }
    }
}

static double objective(const problem *q, const double *x)
{
    double value = 0;
    for (int64_t j = 0; j < q->k; j++) {
        double Gx = 0;
        for (int64_t l = 0; l < q->k; l++) Gx += q->G[j * q->k + l] * x[l];
        value += x[j] * (0.5 * Gx - q->p[j]);
    }
    return value;
}

static void solve_known_to(const problem *q, double rounding, double *x)
{
    const size_t bytes = (size_t)nmfi_pivot_work_bytes(q->k);
    void *work = malloc(bytes);
    assert_non_null(work);
    memset(work, 0xFF, bytes); /* NaN: nothing is read before it is set */
    nmfi_pivot(q->G, q->p, q->k, rounding, x, work);
    free(work);
}

static void solve(const problem *q, double *x)
{
    solve_known_to(q, DBL_EPSILON, x);
}

/* G_FF s = p_F by elimination with pivoting; 0 where it is singular. */
static int solve_set(const problem *q, unsigned set, double *x)
{
    double a[6][7];
    int at[6], n = 0;
    for (int j = 0; j < q->k; j++)
        if (set >> j & 1) at[n++] = j;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) a[i][j] = q->G[at[i] * q->k + at[j]];
        a[i][n] = q->p[at[i]];
    }
    for (int c = 0; c < n; c++) {
        int best = c;
        for (int i = c; i < n; i++) best = fabs(a[i][c]) > fabs(a[best][c]) ? i : best;
        if (fabs(a[best][c]) < 1e-10) return 0;
        for (int j = 0; j <= n; j++) {
            const double kept = a[c][j];
            a[c][j] = a[best][j];
            a[best][j] = kept;
        }
        for (int i = 0; i < n; i++) {
            const double factor = i == c ? 0 : a[i][c] / a[c][c];
            for (int j = c; j <= n; j++) a[i][j] -= factor * a[c][j];
        }
    }
    memset(x, 0, (size_t)q->k * sizeof *x);
    for (int i = 0; i < n; i++) x[at[i]] = a[i][n] / a[i][i];
    return 1;
}

/* The best of the points that are stationary on some set and non-negative. The solution is among
 * them, and some solution has independent components. */
static double brute_force(const problem *q, double *best)
{
    double lowest = 0, x[6];
    memset(best, 0, (size_t)q->k * sizeof *best);
    for (unsigned set = 1; set < 1u << q->k; set++) {
        if (!solve_set(q, set, x)) continue;
        int feasible = 1;
        for (int j = 0; j < q->k; j++) feasible &= x[j] >= 0;
        if (!feasible || objective(q, x) >= lowest) continue;
        lowest = objective(q, x);
        memcpy(best, x, (size_t)q->k * sizeof *best);
    }
    return lowest;
}

/* Starts: nothing free, all free, some free. */
static void set_start(uint64_t *seed, int which, int64_t k, double *x)
{
    for (int64_t j = 0; j < k; j++)
        x[j] = which == 0 ? 0 : which == 1 ? 1 : (double)unit_integer(seed, 0, 1);
}

static void the_solution_is_the_best_of_all_sets(void **state)
{
    (void)state;
    uint64_t seed = 1;
    problem q;
    for (int trial = 0; trial < 3000; trial++) {
        make_problem(&q, &seed, 1 + trial % 6, 8, trial % 2 ? 0 : -1);
        double wanted[6], x[6];
        (void)brute_force(&q, wanted);
        set_start(&seed, trial % 3, q.k, x);
        solve(&q, x);
        for (int j = 0; j < q.k; j++) /* well conditioned: eight rows for at most six components */
            if (fabs(x[j] - wanted[j]) > 1e-7 * (1 + fabs(wanted[j])))
                fail_msg("trial %d: x[%d] = %g, wanted %g", trial, j, x[j], wanted[j]);
    }
}

static void dependent_components_share_one_best_value(void **state)
{
    (void)state;
    uint64_t seed = 2;
    problem q;
    for (int trial = 0; trial < 3000; trial++) {
        const int64_t k = 2 + trial % 5;
        make_problem(&q, &seed, k, unit_integer(&seed, 1, k - 1), trial % 2 ? 0 : -1);
        double best[6], x[6];
        const double wanted = brute_force(&q, best);
        set_start(&seed, trial % 3, k, x);
        solve(&q, x);
        for (int j = 0; j < k; j++) assert_true(x[j] >= 0 && isfinite(x[j]));
        const double got = objective(&q, x);
        if (fabs(got - wanted) > 1e-7 * (1 + fabs(wanted)))
            fail_msg("trial %d: objective %.12g, the best is %.12g", trial, got, wanted);
    }
}

/* x >= 0, gradient >= 0, and zero where x > 0, to the rounding of a Cholesky solution: its residual
 * is bounded by a modest multiple of k eps times |G| |x| + |p| (Higham 2002, theorem 10.4),
 * whatever the condition. `roundings` is that multiple, or what else is allowed. */
static void check_optimal(const problem *q, const double *x, double roundings)
{
    double largest_x = 0, scale = 0;
    for (int64_t j = 0; j < q->k; j++) {
        assert_true(x[j] >= 0 && isfinite(x[j]));
        largest_x = fmax(largest_x, x[j]);
    }
    for (int64_t j = 0; j < q->k; j++) {
        double row = fabs(q->p[j]);
        for (int64_t l = 0; l < q->k; l++) row += fabs(q->G[j * q->k + l]) * largest_x;
        scale = fmax(scale, row);
    }
    const double rounding = roundings * scale;
    for (int64_t j = 0; j < q->k; j++) {
        double gradient = -q->p[j];
        for (int64_t l = 0; l < q->k; l++) gradient += q->G[j * q->k + l] * x[l];
        if (gradient < -rounding || (x[j] > 0 && gradient > rounding))
            fail_msg("k = %d: x[%d] = %g has gradient %g, allowed %g", (int)q->k, (int)j, x[j],
                     gradient, rounding);
    }
}

static void optimality_conditions_hold_for_many_components(void **state)
{
    (void)state;
    uint64_t seed = 3;
    static problem q;
    for (int64_t k = 7; k <= LARGEST_K; k++)
        for (int trial = 0; trial < 12; trial++) {
            double x[LARGEST_K];
            make_problem(&q, &seed, k, trial % 2 ? k + 1 : 2 * k, trial % 4 < 2 ? 0 : -1);
            set_start(&seed, trial % 3, k, x);
            solve(&q, x);
            check_optimal(&q, x, 8 * (double)(k * k) * DBL_EPSILON);
        }
}

/* Four components to a dimension, and a Gram matrix that is known to single precision only, so that
 * it may have negative eigenvalues: the exchange must not cycle, nor end before the conditions hold
 * to that precision. */
static void so_do_they_where_many_depend_on_few(void **state)
{
    (void)state;
    uint64_t seed = 6;
    static problem q;
    for (int trial = 0; trial < 600; trial++) {
        double x[LARGEST_K];
        const int64_t k = unit_integer(&seed, 8, LARGEST_K);
        make_problem(&q, &seed, k, k / 4, trial % 2 ? 0 : -0.2);
        for (int64_t i = 0; i < k * k; i++) q.G[i] = (float)q.G[i];
        for (int64_t j = 0; j < k; j++) q.p[j] = (float)q.p[j];
        set_start(&seed, trial % 3, k, x);
        solve_known_to(&q, FLT_EPSILON, x);
        check_optimal(&q, x, 2 * FLT_EPSILON);
    }
}

static void a_solution_as_the_start_stays(void **state)
{
    (void)state;
    uint64_t seed = 4;
    static problem q;
    for (int64_t k = 1; k <= LARGEST_K; k++) {
        double x[LARGEST_K] = {0}, again[LARGEST_K];
        make_problem(&q, &seed, k, 2 * k, 0);
        solve(&q, x);
        memcpy(again, x, sizeof again);
        solve(&q, again);
        for (int64_t j = 0; j < k; j++) assert_true(again[j] == x[j]);
    }
}

/* An L1 penalty takes the same from every product, after which p need not be in the range of a
 * singular G. */
static void duplicates_and_multiples_under_a_penalty_are_solved(void **state)
{
    (void)state;
    uint64_t seed = 5;
    problem q;
    for (int trial = 0; trial < 3000; trial++) {
        const int64_t k = 2 + trial % 5;
        double best[6], x[6];
        make_problem(&q, &seed, k, 8, 0);
        const int64_t from = unit_integer(&seed, 0, k - 1), to = unit_integer(&seed, 0, k - 1);
        if (to != from) { /* component `to` becomes a multiple of `from` */
            const double times = (double)unit_integer(&seed, 1, 3);
            for (int64_t l = 0; l < k; l++) q.G[to * k + l] = times * q.G[from * k + l];
            for (int64_t l = 0; l < k; l++) q.G[l * k + to] = times * q.G[l * k + from];
            q.G[to * k + to] = times * times * q.G[from * k + from];
            q.p[to] = times * q.p[from];
        }
        for (int64_t j = 0; j < k; j++) q.p[j] -= 0.05;
        const double wanted = brute_force(&q, best);
        set_start(&seed, trial % 3, k, x);
        solve(&q, x);
        const double got = objective(&q, x);
        if (fabs(got - wanted) > 1e-7 * (1 + fabs(wanted)))
            fail_msg("trial %d: objective %.12g, the best is %.12g", trial, got, wanted);
    }
}

static void zeros_and_dead_components_give_zeros(void **state)
{
    (void)state;
    problem q = {.k = 3, .G = {2, 0, 1, 0, 0, 0, 1, 0, 2}, .p = {3, 0, 3}};
    double x[] = {1, 1, 1};
    solve(&q, x);
    assert_true(fabs(x[0] - 1) < 1e-14 && x[1] == 0 && fabs(x[2] - 1) < 1e-14);
    const problem nothing = {.k = 4};
    double zeros[] = {1, 0, 1, 0};
    solve(&nothing, zeros);
    for (int j = 0; j < 4; j++) assert_true(zeros[j] == 0);
    const problem negative = {.k = 2, .G = {1, 0.5, 0.5, 1}, .p = {-1, -2}};
    double y[] = {5, 5};
    solve(&negative, y);
    assert_true(y[0] == 0 && y[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_solution_is_the_best_of_all_sets),
        cmocka_unit_test(dependent_components_share_one_best_value),
        cmocka_unit_test(optimality_conditions_hold_for_many_components),
        cmocka_unit_test(so_do_they_where_many_depend_on_few),
        cmocka_unit_test(a_solution_as_the_start_stays),
        cmocka_unit_test(duplicates_and_multiples_under_a_penalty_are_solved),
        cmocka_unit_test(zeros_and_dead_components_give_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
