/* The kernels that improve a tile, hals and solve, and measure, which judges one: against
 * coordinate descent written out in f64, against the objective, and against the optimality
 * conditions. */
#include "tile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef void checker(const nmfi_kernels *table, const tile_problem *problem);

/* Every table, every tile width, k to 20 and some more, with and without L1 and a dead component.
 * Many components come in one width, which has vectors in fours and vectors left over. */
static void for_all_tiles(uint64_t seed, checker *check)
{
    static const int64_t components[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                         12, 13, 14, 15, 16, 17, 18, 19, 20, 33, 130};
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    kernel_seed(seed);
    for (int i = 0; i < 22; i++)
        for (int64_t lanes = 16; lanes <= NMFI_LANES_MAX; lanes += 16) {
            const int64_t k = components[i];
            if (k > 20 && lanes != 48) continue;
            const int64_t dead = kernel_integer(0, 2) == 0 ? kernel_integer(0, k - 1) : -1;
            tile_problem problem = tile_make(k, lanes, kernel_integer(0, 1) ? 0.75 : 0, dead);
            for (int t = 0; t < count; t++) check(tables[t], &problem);
            tile_free(&problem);
        }
}

/* One round over the coordinates as scikit-learn's solver 'cd' has it, in f64. error[] bounds how
 * far a kernel with rounding may be: an update inherits the errors of the coordinates it reads. */
static double textbook_sweep(const nmfi_kernels *t, const tile_problem *problem, double *x,
                             double *error, double *violation_error)
{
    const double u = kernel_roundoff(t);
    double violation = 0;
    *violation_error = 0;
    for (int64_t j = 0; j < problem->k; j++)
        for (int64_t lane = 0; lane < problem->lanes; lane++) {
            const int64_t at = j * problem->ldx + lane;
            double magnitude, inherited = 0;
            const double gradient = -tile_residual(problem, x, j, lane, &magnitude);
            const double hessian = problem->G[j * problem->k + j];
            for (int64_t l = 0; l < problem->k; l++)
                inherited += fabs(problem->G[j * problem->k + l]) * error[l * problem->ldx + lane];
            const double off =
                inherited + kernel_bound(t, problem->k + 3) * (magnitude + inherited);
            violation += fabs(x[at] > 0 ? gradient : fmin(0, gradient));
            *violation_error += off;
            if (hessian == 0) continue;
            const double after = x[at] - gradient / hessian;
            error[at] += off / hessian + 4 * u * (fabs(x[at]) + (fabs(gradient) + off) / hessian);
            x[at] = after > 0 ? after : 0;
        }
    *violation_error +=
        kernel_bound(t, problem->k * problem->lanes) * (violation + *violation_error);
    return violation;
}

static void check_textbook(const nmfi_kernels *t, const tile_problem *problem)
{
    const int64_t count = problem->k * problem->ldx;
    double *x = kernel_doubles(count), *error = kernel_doubles(count), off;
    memcpy(x, problem->x, (size_t)count * sizeof *x);
    nmfi_hals tile = tile_open(t, problem);
    t->hals(&tile);
    const double violation = textbook_sweep(t, problem, x, error, &off);
    for (int64_t i = 0; i < count; i++)
        kernel_near(t, "x after a sweep", kernel_get(t, tile.x, i), x[i], error[i]);
    kernel_near(t, "violation", tile.violation, violation, off);
    assert_true(tile.sweeps_done == 1);
    kernel_free(x);
    kernel_free(error);
    tile_close(&tile);
}

static void one_sweep_is_the_coordinate_descent_of_the_textbook(void **state)
{
    (void)state;
    for_all_tiles(1, check_textbook);
}

/* How precisely the decrease from x to y can be known in T: each coordinate's share d (r - G_jj d /
 * 2) has the error of r, which is computed where coordinates before j are already y's. */
static double decrease_error(const nmfi_kernels *t, const tile_problem *problem, const double *x,
                             const double *y)
{
    double *between = kernel_doubles(problem->k * problem->ldx), error = 0, magnitudes = 0;
    memcpy(between, x, (size_t)(problem->k * problem->ldx) * sizeof *between);
    for (int64_t j = 0; j < problem->k; j++)
        for (int64_t lane = 0; lane < problem->lanes; lane++) {
            const int64_t at = j * problem->ldx + lane;
            double magnitude;
            const double r = tile_residual(problem, between, j, lane, &magnitude);
            const double d = fabs(y[at] - x[at]), half = 0.5 * problem->G[j * problem->k + j] * d;
            error += d * (kernel_bound(t, problem->k + 3) * magnitude +
                          kernel_bound(t, 5) * (fabs(r) + half));
            magnitudes += d * (fabs(r) + half);
            between[at] = y[at];
        }
    kernel_free(between);
    return error + kernel_bound(t, problem->k * problem->lanes) * (magnitudes + error);
}

static void check_decrease(const nmfi_kernels *t, const tile_problem *problem)
{
    nmfi_hals tile = tile_open(t, problem);
    for (int sweep = 0; sweep < 3; sweep++) {
        double *x = tile_result(t, &tile), lower = 0, sizes = 0;
        const double reported_before = tile.decrease;
        t->hals(&tile);
        double *y = tile_result(t, &tile);
        for (int64_t lane = 0; lane < problem->lanes; lane++) {
            const double before = tile_objective(problem, x, lane);
            const double after = tile_objective(problem, y, lane);
            lower += before - after;
            sizes += fabs(before) + fabs(after);
        }
        const double reported = tile.decrease - reported_before;
        /* The f64 objectives themselves cancel; their terms are a few times the objective's size.
         * */
        const double reference = kernel_gamma(0x1p-53, 8 * problem->k + problem->lanes) *
                                 (double)(4 * problem->k) * (sizes + fabs(tile.decrease));
        kernel_near(t, "decrease", reported, lower, decrease_error(t, problem, x, y) + reference);
        kernel_free(x);
        kernel_free(y);
    }
    assert_true(tile.sweeps_done == 3);
    tile_close(&tile);
}

static void each_sweep_lowers_the_objective_by_the_reported_decrease(void **state)
{
    (void)state;
    for_all_tiles(2, check_decrease);
}

/* Where many sweeps end. Each update errs by at most `step` and a sweep shrinks what came before by
 * the contraction, so x ends within step / (1 - contraction) of the solution, in the largest entry;
 * the gradient there is at most (1 + contraction) G_jj times that. `accuracy` is what may still be
 * missing. */
static void check_optimal(const nmfi_kernels *t, const tile_problem *problem, const double *x,
                          double accuracy)
{
    for (int64_t lane = 0; lane < problem->lanes; lane++) {
        double step = 0;
        for (int64_t j = 0; j < problem->k; j++) {
            double magnitude;
            const double G = problem->G[j * problem->k + j];
            (void)tile_residual(problem, x, j, lane, &magnitude);
            if (G == 0) continue;
            const double rounding = kernel_bound(t, problem->k + 3) * magnitude / G +
                                    kernel_bound(t, 4) * x[j * problem->ldx + lane];
            step = fmax(step, rounding);
        }
        const double away = (step + accuracy) / (1 - problem->contraction);
        for (int64_t j = 0; j < problem->k; j++) {
            double magnitude;
            const double r = tile_residual(problem, x, j, lane, &magnitude);
            const double G = problem->G[j * problem->k + j], value = x[j * problem->ldx + lane];
            assert_true(value >= 0);
            if (G == 0) continue;
            kernel_near(t, "projected gradient", value > 0 ? r : fmax(r, 0), 0,
                        (1 + problem->contraction) * G * away +
                            kernel_gamma(0x1p-53, problem->k + 3) * magnitude);
        }
    }
}

static void check_many_sweeps(const nmfi_kernels *t, const tile_problem *problem)
{
    nmfi_hals tile = tile_open(t, problem);
    tile.sweeps = 80; /* the contraction 1/2 leaves 2^-80 */
    t->hals(&tile);
    double *x = tile_result(t, &tile);
    check_optimal(t, problem, x, 0);
    kernel_free(x);
    tile_close(&tile);
}

static void many_sweeps_end_where_the_optimality_conditions_hold(void **state)
{
    (void)state;
    for_all_tiles(3, check_many_sweeps);
}

static void check_stopping(const nmfi_kernels *t, const tile_problem *problem)
{
    nmfi_hals tile = tile_open(t, problem);
    tile.sweeps = 50;
    tile.accuracy = 1; /* a second sweep cannot do more than the first on these problems */
    t->hals(&tile);
    assert_true(tile.sweeps_done == 1);
    tile_close(&tile);
    tile = tile_open(t, problem);
    tile.sweeps = 50;
    tile.accuracy = 0.1;
    t->hals(&tile);
    assert_true(tile.sweeps_done >= 1 && tile.sweeps_done < 50);
    tile_close(&tile);
}

static void sweeps_stop_when_they_no_longer_pay(void **state)
{
    (void)state;
    for_all_tiles(4, check_stopping);
}

/* Lane `lane` of the tile alone in a tile of 16, at another place, its neighbours all zero. */
static tile_problem lane_alone(const tile_problem *problem, int64_t lane, int64_t place)
{
    tile_problem alone = *problem;
    alone.lanes = alone.ldx = 16;
    alone.ldp = 32;
    alone.p = kernel_doubles(alone.k * alone.ldp);
    alone.x = kernel_doubles(alone.k * alone.ldx);
    for (int64_t j = 0; j < alone.k; j++) {
        alone.p[j * alone.ldp + place] = problem->p[j * problem->ldp + lane];
        alone.x[j * alone.ldx + place] = problem->x[j * problem->ldx + lane];
    }
    return alone;
}

static void check_solve(const nmfi_kernels *t, const tile_problem *problem)
{
    nmfi_hals tile = tile_open(t, problem);
    tile.sweeps = kernel_integer(0, 2) == 0 ? 3 : 100;
    tile.accuracy = t->element_bytes == 4 ? 1e-5 : 1e-12;
    const uint64_t moving = t->solve(&tile);
    for (int64_t lane = 0; lane < problem->lanes; lane += 5) {
        const int64_t place = (lane * 3 + 1) % 16;
        tile_problem other = lane_alone(problem, lane, place);
        nmfi_hals alone = tile_open(t, &other);
        alone.sweeps = tile.sweeps;
        alone.accuracy = tile.accuracy;
        const uint64_t moves = t->solve(&alone);
        assert_true((moves >> place & 1) == (moving >> lane & 1));
        for (int64_t j = 0; j < problem->k; j++)
            assert_true(kernel_same(t, kernel_at(t, alone.x, j * alone.ldx + place),
                                    kernel_at(t, tile.x, j * tile.ldx + lane), 1));
        tile_close(&alone);
        kernel_free(other.p);
        kernel_free(other.x);
    }
    if (problem->lanes < 64) assert_true(moving >> problem->lanes == 0);
    tile_close(&tile);
}

static void solve_gives_a_lane_the_same_bits_alone_and_among_others(void **state)
{
    (void)state;
    for_all_tiles(5, check_solve);
}

/* The norm of lane's projected gradient at x over living components; *off bounds what T's rounding
 * adds to it, *products is the norm it is measured against. */
static double lane_gradient(const nmfi_kernels *t, const tile_problem *problem, const double *x,
                            int64_t lane, double *off, double *products)
{
    double gradient2 = 0, off2 = 0, products2 = 0;
    for (int64_t j = 0; j < problem->k; j++) {
        double magnitude;
        const double r = tile_residual(problem, x, j, lane, &magnitude);
        const double p = problem->p[j * problem->ldp + lane];
        const double pg = x[j * problem->ldx + lane] > 0 ? r : fmax(r, 0);
        const double error = kernel_bound(t, problem->k + 3) * magnitude;
        products2 += p * p;
        if (problem->G[j * problem->k + j] == 0) continue;
        gradient2 += pg * pg;
        off2 += error * error;
    }
    *off = sqrt(off2);
    *products = sqrt(products2);
    return sqrt(gradient2);
}

static void check_solved(const nmfi_kernels *t, const tile_problem *problem)
{
    static const int64_t sweeps[] = {2, 4, 200};
    for (int i = 0; i < 3; i++) {
        nmfi_hals tile = tile_open(t, problem);
        tile.sweeps = sweeps[i];
        tile.accuracy = t->element_bytes == 4 ? 1e-4 : 1e-12;
        const uint64_t open = t->solve(&tile);
        double *x = tile_result(t, &tile);
        for (int64_t lane = 0; lane < problem->lanes; lane++) {
            double off, products;
            const double gradient = lane_gradient(t, problem, x, lane, &off, &products);
            if (!(open >> lane & 1)) assert_true(gradient <= 1.01 * tile.accuracy * products + off);
        }
        /* The contraction 1/2 leaves 2^-200, far below any accuracy that rounding allows. */
        if (sweeps[i] == 200) assert_true(open == 0);
        kernel_free(x);
        tile_close(&tile);
    }
}

static void solve_leaves_no_lane_unmarked_whose_gradient_is_above_its_accuracy(void **state)
{
    (void)state;
    for_all_tiles(6, check_solved);
}

/* Sweeps that are not enough leave exactly the lanes with work to do marked. */
static void solve_names_the_lanes_that_are_still_moving(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    kernel_seed(7);
    tile_problem problem = tile_make(8, 64, 0, -1);
    for (int64_t j = 0; j < 8; j++)
        for (int64_t lane = 0; lane < 64; lane++) {
            problem.x[j * problem.ldx + lane] = 0;
            problem.p[j * problem.ldp + lane] =
                lane % 3 ? -1 : 1 + 0.1 * (double)j; /* 0 solves most */
        }
    for (int i = 0; i < count; i++) {
        nmfi_hals tile = tile_open(tables[i], &problem);
        tile.sweeps = 2;
        tile.accuracy = 1e-6;
        const uint64_t moving = tables[i]->solve(&tile);
        for (int lane = 0; lane < 64; lane++) assert_true((moving >> lane & 1) == (lane % 3 == 0));
        tile_close(&tile);
    }
    tile_free(&problem);
}

static void check_measure(const nmfi_kernels *t, const tile_problem *problem)
{
    nmfi_hals tile = tile_open(t, problem);
    double *pg2 = kernel_doubles(problem->k), *ref2 = kernel_doubles(problem->k);
    double objective = 0, objective_error = 0, objective_size = 0;
    for (int64_t j = 0; j < problem->k; j++) pg2[j] = ref2[j] = 5;
    const double got = t->measure(&tile, pg2, ref2);
    for (int64_t j = 0; j < problem->k; j++) {
        double squares = 5, error = 0, reference = 5;
        for (int64_t lane = 0; lane < problem->lanes; lane++) {
            double magnitude;
            const double r = tile_residual(problem, problem->x, j, lane, &magnitude);
            const double x = problem->x[j * problem->ldx + lane],
                         p = problem->p[j * problem->ldp + lane];
            const double off = kernel_bound(t, problem->k + 3) * magnitude;
            const double pg = fabs(x > 0 ? r : fmax(r, 0));
            squares += pg * pg;
            error += 2 * pg * off + off * off +
                     kernel_bound(t, problem->lanes + 2) * (pg + off) * (pg + off);
            reference += p * p;
            objective_error += x * (off + kernel_bound(t, 3) * (fabs(p) + problem->l1 + fabs(r)));
            objective_size += x * (fabs(p) + problem->l1 + fabs(r));
        }
        kernel_near(t, "pg2", pg2[j], squares, error + kernel_gamma(0x1p-53, 3) * squares);
        kernel_near(t, "ref2", ref2[j], reference, kernel_bound(t, problem->lanes + 2) * reference);
    }
    for (int64_t lane = 0; lane < problem->lanes; lane++)
        objective += tile_objective(problem, problem->x, lane);
    kernel_near(t, "objective", got, objective,
                objective_error +
                    kernel_bound(t, problem->lanes + problem->k + 2) * objective_size);
    kernel_free(pg2);
    kernel_free(ref2);
    tile_close(&tile);
}

static void measure_gives_objective_and_projected_gradients(void **state)
{
    (void)state;
    for_all_tiles(8, check_measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sweep_is_the_coordinate_descent_of_the_textbook),
        cmocka_unit_test(each_sweep_lowers_the_objective_by_the_reported_decrease),
        cmocka_unit_test(many_sweeps_end_where_the_optimality_conditions_hold),
        cmocka_unit_test(sweeps_stop_when_they_no_longer_pay),
        cmocka_unit_test(solve_gives_a_lane_the_same_bits_alone_and_among_others),
        cmocka_unit_test(solve_leaves_no_lane_unmarked_whose_gradient_is_above_its_accuracy),
        cmocka_unit_test(solve_names_the_lanes_that_are_still_moving),
        cmocka_unit_test(measure_gives_objective_and_projected_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
