/* Paired errors, the bootstrap, the set and the ladder of ranks, against numbers by hand. */
#include "select/bracket.h"
#include "select/stability.h"
#include "select/statistics.h"

#include "base/rng.h"
#include "linalg/assignment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_all_ranks_share_is_no_uncertainty(void **state)
{
    (void)state;
    /* Rows differ a thousandfold, differences between the ranks hardly. */
    enum { ROWS = 8, FOLDS = 2 };
    double a[FOLDS * ROWS], b[FOLDS * ROWS];
    for (int i = 0; i < FOLDS * ROWS; i++) {
        a[i] = pow(10, i % ROWS);
        b[i] = a[i] + 1 + (i % 2 ? 0.25 : -0.25);
    }
    nmfi_candidate c[2] = {{.k = 2, .losses = b}, {.k = 3, .losses = a}};
    nmfi_verdict verdict;
    assert_int_equal(nmfi_compare(c, 2, FOLDS, ROWS, 0, 200, 1, &verdict, NULL), NMF_OK);
    assert_int_equal(verdict.best, 1);
    assert_int_equal(verdict.predicts, 1);
    assert_true(fabs(c[0].difference - FOLDS * ROWS) < 1e-6);
    /* Rows' sums are 1.5 and 2.5 by turns: sd = sqrt(8/7)/2, times sqrt(8). Folds' sums are equal. */
    assert_true(fabs(c[0].standard_error - sqrt(8.0) * sqrt(8.0 / 7.0) / 2) < 1e-6);
    assert_true(c[0].in_set == 0 && c[1].in_set == 1);
    assert_true(c[1].p_best > 0.999 && c[0].p_best < 0.001);
    assert_true(c[1].standard_error == 0);
}

static void a_spread_between_folds_counts_too(void **state)
{
    (void)state;
    enum { ROWS = 50, FOLDS = 4 };
    static double a[FOLDS * ROWS], b[FOLDS * ROWS];
    for (int r = 0; r < FOLDS; r++)
        for (int i = 0; i < ROWS; i++) {
            a[r * ROWS + i] = 10;
            b[r * ROWS + i] = 10 + (r == 0 ? 4 : -1); /* sums 200, -50, -50, -50 */
        }
    nmfi_candidate c[2] = {{.k = 2, .losses = a}, {.k = 3, .losses = b}};
    nmfi_verdict verdict;
    assert_int_equal(nmfi_compare(c, 2, FOLDS, ROWS, 0, 500, 1, &verdict, NULL), NMF_OK);
    /* The sums of L_3 - L_2 are 50 in all: rank 2 is best; sd of the folds is 125, times 2. */
    assert_int_equal(verdict.best, 0);
    assert_true(fabs(c[1].standard_error - 250) < 1e-9);
    assert_true(c[1].in_set);
    /* Rank 3 wins where fold 0 is never drawn: (3/4)^4 = 0.316, and where it is drawn once it loses. */
    assert_true(fabs(c[1].p_best - 0.316) < 0.08);
}

/* Of tables (Fisher & Yates 1963). */
static void student_is_that_of_tables(void **state)
{
    (void)state;
    static const struct {
        double level, t;
        int64_t freedom;
    } of[] = {{0.95, 12.706, 1},  {0.95, 4.303, 2},   {0.95, 3.182, 3}, {0.95, 2.776, 4},
              {0.99, 4.604, 4},   {0.95, 2.262, 9},   {0.9, 1.833, 9},  {0.95, 2.042, 30},
              {0.95, 1.980, 120}, {0.95, 1.961, 1999}};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++)
        if (fabs(nmfi_student(of[i].level, of[i].freedom) - of[i].t) > 6e-4)
            fail_msg("t of %g, %d: %.6g", of[i].level, (int)of[i].freedom,
                     nmfi_student(of[i].level, of[i].freedom));
}

/* Five folds whose differences sum up to `ratio` standard errors. */
static int is_told_apart(double ratio)
{
    enum { ROWS = 100, FOLDS = 5 };
    static double a[FOLDS * ROWS], b[FOLDS * ROWS];
    for (int r = 0; r < FOLDS; r++)
        for (int i = 0; i < ROWS; i++) {
            a[r * ROWS + i] =
                100; /* differences of mean `ratio` a cell, their sum's error 1 for each */
            b[r * ROWS + i] = 100 + ratio + sqrt(FOLDS) * (r - 2) / sqrt(2.5);
        }
    nmfi_candidate c[2] = {{.k = 2, .losses = a}, {.k = 3, .losses = b}};
    nmfi_verdict verdict;
    assert_int_equal(nmfi_compare(c, 2, FOLDS, ROWS, 0, 4000, 1, &verdict, NULL), NMF_OK);
    assert_true(fabs(c[1].difference / c[1].standard_error - ratio) < 1e-6);
    return !c[1].in_set;
}

/* A one-sided test of 5 % with four degrees of freedom has its limit at 2.13; a bootstrap of five values ends before
 * the law's tails do. */
static void few_folds_tell_little(void **state)
{
    (void)state;
    assert_true(fabs(nmfi_share_of_set(5) - 0.00858) < 1e-4);
    assert_true(fabs(nmfi_share_of_set(100000) - 0.05) < 1e-4);
    assert_false(is_told_apart(1.5));
    assert_false(is_told_apart(1.9));
    assert_true(is_told_apart(2.8));
}

/* What is worse in each fold and explodes in one has a standard error as large as its difference, and is told apart. */
static void what_explodes_is_no_candidate(void **state)
{
    (void)state;
    enum { ROWS = 50, FOLDS = 5 };
    static double a[FOLDS * ROWS], b[FOLDS * ROWS];
    for (int r = 0; r < FOLDS; r++)
        for (int i = 0; i < ROWS; i++) {
            a[r * ROWS + i] = 10;
            b[r * ROWS + i] = 10 + (i % 3 ? 0.2 : 0.1) + (r == 2 && i == 7 ? 5000 : 0);
        }
    nmfi_candidate c[2] = {{.k = 2, .losses = a}, {.k = 3, .losses = b}};
    nmfi_verdict verdict;
    assert_int_equal(nmfi_compare(c, 2, FOLDS, ROWS, 0, 500, 1, &verdict, NULL), NMF_OK);
    assert_true(c[1].difference < 2 * c[1].standard_error);
    assert_int_equal(c[1].in_set, 0);
    assert_int_equal(verdict.predicts, 0);
}

static void ties_go_to_the_smaller_rank(void **state)
{
    (void)state;
    const double a[4] = {1, 1, 1, 1}, b[4] = {1, 1, 1, 1 - 1e-9};
    nmfi_candidate c[2] = {{.k = 2, .losses = a}, {.k = 3, .losses = b}};
    nmfi_verdict verdict;
    assert_int_equal(nmfi_compare(c, 2, 2, 2, 1e-6, 50, 1, &verdict, NULL), NMF_OK);
    assert_int_equal(verdict.best, 0);
    assert_true(c[0].p_best > 0.999);
    assert_true(c[0].in_set && !c[1].in_set); /* equal, and larger */
}

/* Losses of a parabola in log k with its bottom at `truth`, without spread. */
static int64_t ranks_tried(int64_t truth, int64_t most, int64_t *tried, int64_t *in_set)
{
    nmfi_candidate c[200];
    double losses[200][4];
    int64_t count = 0, next[16], found;
    memset(c, 0, sizeof c);
    while ((found = nmfi_next_ranks(c, count, most, next, 16)) > 0) {
        for (int64_t f = 0; f < found; f++) {
            int64_t at = count++;
            for (; at > 0 && c[at - 1].k > next[f]; at--) c[at] = c[at - 1];
            c[at] = (nmfi_candidate){.k = next[f]};
        }
        for (int64_t i = 0; i < count; i++) {
            const double x = log((double)c[i].k / (double)truth);
            for (int e = 0; e < 4; e++) losses[i][e] = 1 + x * x;
            c[i].losses = losses[i];
        }
        nmfi_verdict verdict;
        assert_int_equal(nmfi_compare(c, count, 2, 2, 0, 20, 1, &verdict, NULL), NMF_OK);
    }
    *in_set = 0;
    for (int64_t i = 0; i < count; i++) {
        tried[i] = c[i].k;
        *in_set += c[i].in_set;
        assert_true(c[i].in_set == (c[i].k == truth) || truth > most);
    }
    return count;
}

static void the_ladder_finds_the_bottom_of_a_valley(void **state)
{
    (void)state;
    int64_t tried[200], in_set;
    for (int64_t truth = 1; truth <= 60; truth++) {
        const int64_t count = ranks_tried(truth, 128, tried, &in_set);
        assert_int_equal(in_set, 1);
        assert_true(count <= 24);
        int neighbours = 0;
        for (int64_t i = 0; i < count; i++)
            neighbours += tried[i] == truth - 1 || tried[i] == truth || tried[i] == truth + 1;
        assert_int_equal(neighbours, truth == 1 ? 2 : 3);
    }
}

static void the_ladder_ends_at_the_most(void **state)
{
    (void)state;
    int64_t tried[200], in_set;
    const int64_t count = ranks_tried(100, 20, tried, &in_set);
    assert_int_equal(tried[count - 1], 20);
    assert_int_equal(tried[count - 2], 19);
    assert_int_equal(ranks_tried(1, 1, tried, &in_set), 1);
}

/* 6, 8 and 64 of a ladder cannot be told apart; 8 is the best. What parts 64 from the others is known to be worse: only
 * ranks beside 6 and 8 are asked for, and beside 64 once it is the best itself. */
static void a_flat_curve_is_looked_at_where_the_answer_is(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    const int64_t ks[COUNT] = {1, 4, 6, 8, 11, 16, 45, 64};
    nmfi_candidate c[COUNT];
    for (int i = 0; i < COUNT; i++)
        c[i] = (nmfi_candidate){.k = ks[i], .difference = 9, .standard_error = 1, .in_set = 0};
    c[2] = (nmfi_candidate){.k = 6, .difference = 3, .standard_error = 2, .in_set = 1};
    c[3] = (nmfi_candidate){.k = 8, .difference = 0, .standard_error = 0, .in_set = 1};
    c[7] = (nmfi_candidate){.k = 64, .difference = 3, .standard_error = 2, .in_set = 1};
    int64_t next[16];
    const int64_t beside[] = {5, 7, 9};
    assert_int_equal(nmfi_next_ranks(c, COUNT, 64, next, 16), 3);
    assert_memory_equal(next, beside, sizeof beside);
    c[3].difference = 3, c[3].standard_error = 2;
    c[7].difference = 0, c[7].standard_error = 0;
    assert_int_equal(nmfi_next_ranks(c, COUNT, 64, next, 16), 4);
    assert_int_equal(next[3], 54);
    c[3].difference = 0, c[3].standard_error = 0;
    c[7].difference = 1, c[7].standard_error = 2;
    assert_int_equal(nmfi_next_ranks(c, COUNT, 64, next, 16), 3); /* 8 is within it, and smaller */
}

static double best_of_permutations(const double *gains, int64_t n, int64_t row, unsigned used)
{
    double best = row == n ? 0 : -HUGE_VAL;
    for (int64_t j = 0; row < n && j < n; j++)
        if (!(used & (1u << j)))
            best = fmax(best, gains[row * n + j] +
                                  best_of_permutations(gains, n, row + 1, used | (1u << j)));
    return best;
}

static void an_assignment_is_the_best_of_all_permutations(void **state)
{
    (void)state;
    for (int draw = 0; draw < 40; draw++) {
        enum { N = 6 };
        double gains[N * N], sum = 0;
        int64_t column_of[N], work[64];
        assert_true(nmfi_assignment_work_bytes(N, N) <= (int64_t)sizeof work);
        for (int i = 0; i < N * N; i++)
            gains[i] = nmfi_uniform(7, NMFI_STREAM_CLUSTERS, (uint32_t)draw, (uint64_t)i) - 0.3;
        nmfi_assign(gains, N, N, column_of, work);
        unsigned seen = 0;
        for (int i = 0; i < N; i++) {
            sum += gains[i * N + column_of[i]];
            seen |= 1u << column_of[i];
        }
        assert_int_equal(seen, (1u << N) - 1);
        assert_true(fabs(sum - best_of_permutations(gains, N, 0, 0)) < 1e-12);
    }
}

static void components_are_matched_whatever_their_order(void **state)
{
    (void)state;
    enum { FITS = 5, K = 4, N = 12 };
    static double rows[FITS * K * N], cosines[FITS * K * FITS * K];
    int64_t of[FITS * K];
    for (int a = 0; a < FITS; a++)
        for (int l = 0; l < K; l++) {
            const int truth = (l + a) % K; /* another order in each fit */
            of[a * K + l] = truth;
            for (int c = 0; c < N; c++)
                rows[(a * K + l) * N + c] =
                    (c % K == truth ? 3 + c : 0) +
                    0.2 * nmfi_uniform(3, NMFI_STREAM_CLUSTERS, (uint32_t)a, (uint64_t)(l * N + c));
        }
    nmfi_unit_rows(rows, FITS * K, N);
    nmfi_row_cosines(rows, FITS * K, N, cosines);
    int64_t cluster[FITS * K];
    double silhouette[K], cosine[K];
    nmfi_stability found = {.cluster = cluster, .silhouette = silhouette, .cosine = cosine};
    assert_int_equal(nmfi_match_components(cosines, FITS, K, &found, NULL), NMF_OK);
    for (int a = 0; a < FITS * K; a++) assert_int_equal(cluster[a], of[a]);
    assert_int_equal(found.returning, K);
    /* Silhouettes of the general function agree. */
    double distances[FITS * K * FITS * K], each[FITS * K], work[2 * K], mean = 0;
    for (int i = 0; i < FITS * K * FITS * K; i++) distances[i] = 1 - cosines[i];
    nmfi_silhouettes(distances, cluster, FITS * K, K, work, each);
    for (int a = 0; a < FITS * K; a++) mean += each[a] / (FITS * K);
    assert_true(fabs(mean - found.mean) < 1e-12);
    assert_true(found.worst > 0.9 && found.worst <= found.mean);
}

static void components_that_do_not_come_back_are_seen(void **state)
{
    (void)state;
    enum { FITS = 6, K = 3, N = 40 };
    static double rows[FITS * K * N], cosines[FITS * K * FITS * K];
    for (int a = 0; a < FITS; a++)
        for (int l = 0; l < K; l++)
            for (int c = 0; c < N; c++) /* the third one is another each time */
                rows[(a * K + l) * N + c] =
                    l < 2 ? (c % 3 == l) + 0.01
                          : nmfi_uniform(5, NMFI_STREAM_CLUSTERS, (uint32_t)a, (uint64_t)c) > 0.8;
    nmfi_unit_rows(rows, FITS * K, N);
    nmfi_row_cosines(rows, FITS * K, N, cosines);
    int64_t cluster[FITS * K];
    double silhouette[K], cosine[K];
    nmfi_stability found = {.cluster = cluster, .silhouette = silhouette, .cosine = cosine};
    assert_int_equal(nmfi_match_components(cosines, FITS, K, &found, NULL), NMF_OK);
    assert_int_equal(found.returning, 2);
    assert_true(found.worst < 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_all_ranks_share_is_no_uncertainty),
        cmocka_unit_test(a_spread_between_folds_counts_too),
        cmocka_unit_test(student_is_that_of_tables),
        cmocka_unit_test(few_folds_tell_little),
        cmocka_unit_test(what_explodes_is_no_candidate),
        cmocka_unit_test(ties_go_to_the_smaller_rank),
        cmocka_unit_test(the_ladder_finds_the_bottom_of_a_valley),
        cmocka_unit_test(the_ladder_ends_at_the_most),
        cmocka_unit_test(a_flat_curve_is_looked_at_where_the_answer_is),
        cmocka_unit_test(an_assignment_is_the_best_of_all_permutations),
        cmocka_unit_test(components_are_matched_whatever_their_order),
        cmocka_unit_test(components_that_do_not_come_back_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
