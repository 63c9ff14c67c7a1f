/* nmf_rank: planted ranks are found, noise is called noise, the answer has the same bits for any number of
 * threads and when it is gone on with, and bad arguments get a sentence. */
#include "base/rng.h"

#include <math.h>
#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(uint64_t seed, int64_t i)
{
    return nmfi_uniform(seed, NMFI_STREAM_CLUSTERS, 1, (uint64_t)i);
}

static double exponential(uint64_t seed, int64_t i)
{
    return uniform(seed, i) < 0.5 ? 0 : -log(1 - uniform(seed, i + 1000000));
}

/* A Poisson number by counting exponential times. */
static double poisson(uint64_t seed, int64_t i, double mean)
{
    double time = 0;
    int count = -1;
    for (uint64_t draw = 0; time <= mean; draw++, count++)
        time -= log(1 - nmfi_uniform(seed, NMFI_STREAM_CLUSTERS, 2 + (uint32_t)draw, (uint64_t)i));
    return count;
}

/* rows x columns of rank k: symmetric noise of `noise` times the root mean square that keeps the mean, or
 * Poisson counts of mean `mean`. */
static nmf_matrix *planted(uint64_t seed, int64_t rows, int64_t columns, int64_t k, double noise,
                           double mean)
{
    nmf_matrix *matrix = NULL;
    double total = 0, squares = 0;
    assert_int_equal(nmf_matrix_new(NMF_F32, rows, columns, &matrix, NULL), NMF_OK);
    float *X = nmf_matrix_writable(matrix);
    for (int64_t i = 0; i < rows * columns; i++) {
        double v = 0;
        for (int64_t j = 0; j < k; j++) {
            const int64_t h = rows * k + i % columns * k + j;
            v += k == 1 ? (1 + uniform(seed, i / columns)) * (1 + uniform(seed, h))
                        : exponential(seed, i / columns * k + j) * exponential(seed, h);
        }
        X[i] = (float)v;
        total += v;
        squares += v * v;
    }
    const double rms = sqrt(squares / (double)(rows * columns));
    for (int64_t i = 0; i < rows * columns; i++) {
        const double v = (double)X[i];
        const double n = noise * rms * nmfi_normal(seed, NMFI_STREAM_PERTURBATION, (uint64_t)i);
        X[i] = (float)(mean > 0 ? poisson(seed, i, v * mean / total * (double)(rows * columns))
                                : v + fmax(-v, fmin(v, n)));
    }
    return matrix;
}

static nmf_rank_result *rank_of(const nmf_matrix *X, nmf_loss loss, int64_t threads,
                                const nmf_rank_options *wishes)
{
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_rank_result *result = NULL;
    nmf_error error = {NMF_OK, ""};
    options.loss = loss;
    options.threads = threads;
    const nmf_status status = nmf_rank(X, &options, wishes, &result, &error);
    if (status != NMF_OK) fail_msg("%s", error.message);
    return result;
}

static void assert_rank(nmf_matrix *X, nmf_loss loss, int64_t k)
{
    nmf_rank_result *result = rank_of(X, loss, 0, NULL);
    const nmf_rank_content *content = nmf_rank_view(result);
    assert_int_equal(content->predicts, k);
    assert_true(content->set_lowest <= k && k <= content->set_highest);
    assert_int_equal(content->has_structure, k > 1);
    assert_int_equal(content->stopped, NMF_STOPPED_CONVERGED);
    nmf_rank_free(result);
    nmf_matrix_free(X);
}

static void planted_ranks_are_found(void **state)
{
    (void)state;
    assert_rank(planted(1, 120, 90, 3, 0.5, 0), NMF_LOSS_FROBENIUS, 3);
    assert_rank(planted(2, 150, 100, 6, 0.3, 0), NMF_LOSS_FROBENIUS, 6);
    assert_rank(planted(3, 90, 60, 4, 0, 6), NMF_LOSS_KL, 4);
}

/* Counts whose loss nobody names are judged as counts, and whole numbers that spread by the same everywhere are not. */
static void whole_numbers_are_judged_as_what_they_spread_like(void **state)
{
    (void)state;
    nmf_matrix *counts = planted(3, 90, 60, 4, 0, 6), *pixels = planted(1, 90, 60, 3, 0, 0);
    float *X = nmf_matrix_writable(pixels);
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    wishes.max_k = 8;
    for (int i = 0; i < 90 * 60; i++) {
        const double noise = nmfi_normal(4, NMFI_STREAM_PERTURBATION, (uint64_t)i);
        X[i] = roundf(fmaxf(0, 100 + 30 * X[i] + 15 * (float)noise));
    }
    nmf_rank_result *result = rank_of(counts, NMF_LOSS_FROBENIUS, 0, &wishes);
    const nmf_rank_content *content = nmf_rank_view(result);
    assert_true(content->loss_by_data);
    assert_int_equal(content->options.loss, NMF_LOSS_KL);
    assert_int_equal(content->predicts, 4);
    assert_non_null(strstr(content->advice, "Kullback-Leibler"));
    nmf_rank_free(result);
    wishes.keep_loss = 1;
    result = rank_of(counts, NMF_LOSS_FROBENIUS, 0, &wishes);
    content = nmf_rank_view(result);
    assert_false(content->loss_by_data);
    assert_int_equal(content->options.loss, NMF_LOSS_FROBENIUS);
    nmf_rank_free(result);
    wishes.keep_loss = 0;
    result = rank_of(pixels, NMF_LOSS_FROBENIUS, 0, &wishes);
    content = nmf_rank_view(result);
    assert_true(content->loss_by_data);
    assert_int_equal(content->options.loss, NMF_LOSS_FROBENIUS);
    nmf_rank_free(result);
    nmf_matrix_free(counts);
    nmf_matrix_free(pixels);
}

static void assert_same(const nmf_rank_result *a, const nmf_rank_result *b)
{
    const nmf_rank_content *p = nmf_rank_view(a), *q = nmf_rank_view(b);
    assert_int_equal(p->row_count, q->row_count);
    for (int64_t i = 0; i < p->row_count; i++) {
        const nmf_rank_row *x = &p->rows[i], *y = &q->rows[i];
        assert_int_equal(x->k, y->k);
        assert_memory_equal(x->losses, y->losses,
                            (size_t)(p->repeats * p->table_rows) * sizeof(double));
        assert_memory_equal(x->silhouettes, y->silhouettes, (size_t)x->k * sizeof(double));
        assert_memory_equal(&x->p_best, &y->p_best, sizeof(double));
        assert_memory_equal(&x->standard_error, &y->standard_error, sizeof(double));
        assert_memory_equal(&x->training_loss, &y->training_loss, sizeof(double));
    }
    assert_string_equal(p->prediction, q->prediction);
    assert_string_equal(p->stability, q->stability);
}

/* Zeros and ones in which patches of eight pixels are there or not; a share `wrong` of the pixels is the other of the two. */
static nmf_matrix *patches(uint64_t seed, int64_t parts, double wrong)
{
    enum { ROWS = 160, PIXELS = 8 };
    nmf_matrix *X = NULL;
    const int64_t columns = parts * PIXELS;
    assert_int_equal(nmf_matrix_new(NMF_U8, ROWS, columns, &X, NULL), NMF_OK);
    for (int64_t i = 0; i < ROWS * columns; i++) {
        const int is_there = uniform(seed, i / PIXELS) < 0.3;
        const int is_wrong = uniform(seed, i + 1000000) < wrong;
        ((unsigned char *)nmf_matrix_writable(X))[i] = (unsigned char)(is_there != is_wrong);
    }
    return X;
}

/* What few components leave of pictures grows with what these foretell, as with counts; what enough of them leave does
 * not. */
static void pictures_of_zeros_and_ones_are_no_counts(void **state)
{
    (void)state;
    enum { PARTS = 12 };
    for (int noisy = 0; noisy < 2; noisy++) {
        nmf_matrix *X = patches(3, PARTS, noisy ? 0.02 : 0);
        nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
        wishes.max_k = 16;
        nmf_rank_result *result = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
        const nmf_rank_content *content = nmf_rank_view(result);
        assert_true(content->loss_by_data);
        assert_int_equal(content->options.loss, NMF_LOSS_FROBENIUS);
        assert_int_equal(content->predicts, PARTS);
        assert_int_equal(content->largest_stable, PARTS);
        assert_non_null(strstr(content->advice, "squares"));
        wishes.known = result; /* what it found of the loss holds too */
        nmf_rank_result *again = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
        assert_same(result, again);
        nmf_rank_free(again);
        nmf_rank_free(result);
        nmf_matrix_free(X);
    }
}

/* A fifth of X was not observed: it holds garbage, which no bit of the answer knows of. */
static void missing_entries_are_neither_learned_from_nor_foretold(void **state)
{
    (void)state;
    nmf_rank_result *results[2];
    for (int spoilt = 0; spoilt < 2; spoilt++) {
        nmf_matrix *X = planted(2, 90, 60, 3, 0.3, 0), *weights = NULL;
        assert_int_equal(nmf_matrix_new(NMF_U8, 90, 60, &weights, NULL), NMF_OK);
        for (int i = 0; i < 90 * 60; i++) {
            const int seen = uniform(8, i) >= 0.2;
            ((unsigned char *)nmf_matrix_writable(weights))[i] = (unsigned char)seen;
            if (!seen && spoilt) ((float *)nmf_matrix_writable(X))[i] = i % 2 ? NAN : -5;
        }
        assert_int_equal(nmf_matrix_set_weights(X, weights, NULL), NMF_OK);
        nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
        wishes.max_k = 6;
        results[spoilt] = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
        assert_int_equal(nmf_rank_view(results[spoilt])->predicts, 3);
        nmf_matrix_free(X);
    }
    assert_same(results[0], results[1]);
    nmf_rank_free(results[0]);
    nmf_rank_free(results[1]);
}

static void noise_of_rank_one_has_no_structure(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        assert_rank(planted(seed, 80, 60, 1, 0.5, 0), NMF_LOSS_FROBENIUS, 1);
        assert_rank(planted(seed, 60, 40, 1, 0, 3), NMF_LOSS_KL, 1);
    }
}

static void the_answer_has_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    nmf_matrix *X = planted(4, 70, 50, 3, 0.4, 0);
    for (int loss = NMF_LOSS_FROBENIUS; loss <= NMF_LOSS_KL; loss++) {
        nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
        wishes.max_k = 6;
        nmf_rank_result *one = rank_of(X, (nmf_loss)loss, 1, &wishes);
        for (int64_t threads = 2; threads <= 5; threads += 3) {
            nmf_rank_result *more = rank_of(X, (nmf_loss)loss, threads, &wishes);
            assert_same(one, more);
            nmf_rank_free(more);
        }
        nmf_rank_free(one);
    }
    nmf_matrix_free(X);
}

static void what_is_known_is_gone_on_with(void **state)
{
    (void)state;
    nmf_matrix *X = planted(5, 70, 50, 3, 0.4, 0);
    const int64_t few[] = {2, 4}, more[] = {2, 3, 4, 5};
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    wishes.ks = few;
    wishes.ks_count = 2;
    nmf_rank_result *known = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
    assert_int_equal(nmf_rank_view(known)->row_count, 3); /* and k = 1 */
    wishes.ks = more;
    wishes.ks_count = 4;
    nmf_rank_result *whole = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
    wishes.known = known;
    nmf_rank_result *resumed = rank_of(X, NMF_LOSS_FROBENIUS, 0, &wishes);
    assert_same(whole, resumed);
    nmf_rank_result *copy = NULL;
    assert_int_equal(nmf_rank_result_new(nmf_rank_view(whole), &copy, NULL), NMF_OK);
    assert_same(whole, copy);
    nmf_rank_free(copy);
    /* What answers another question is refused. */
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_error error = {NMF_OK, ""};
    nmf_rank_result *other = NULL;
    options.seed = 1;
    assert_int_equal(nmf_rank(X, &options, &wishes, &other, &error), NMF_ERROR_ARGUMENT);
    assert_null(other);
    nmf_rank_free(known);
    nmf_rank_free(whole);
    nmf_rank_free(resumed);
    nmf_matrix_free(X);
}

static int stop_at_five(const nmf_rank_progress *progress, void *context)
{
    *(int64_t *)context = progress->fits_done;
    return progress->fits_done >= 5;
}

static void what_is_known_is_kept_when_it_is_stopped(void **state)
{
    (void)state;
    nmf_matrix *X = planted(6, 200, 150, 5, 0.4, 0);
    const int64_t ks[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    int64_t seen = 0;
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    wishes.ks = ks;
    wishes.ks_count = 12;
    wishes.progress = stop_at_five;
    wishes.progress_context = &seen;
    nmf_rank_result *result = rank_of(X, NMF_LOSS_FROBENIUS, 1, &wishes);
    const nmf_rank_content *content = nmf_rank_view(result);
    assert_int_equal(content->stopped, NMF_STOPPED_INTERRUPTED);
    assert_int_equal(seen, 5);
    assert_int_equal(content->row_count, 1);
    nmf_rank_free(result);
    nmf_matrix_free(X);
}

static void assert_refused(const nmf_matrix *X, const nmf_options *options,
                           const nmf_rank_options *wishes, nmf_status status, const char *words)
{
    nmf_error error = {NMF_OK, ""};
    nmf_rank_result *result = (nmf_rank_result *)(void *)&error;
    assert_int_equal(nmf_rank(X, options, wishes, &result, &error), status);
    assert_null(result);
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}

static void bad_arguments_get_a_sentence(void **state)
{
    (void)state;
    nmf_matrix *X = planted(7, 20, 15, 2, 0.4, 0), *thin = NULL;
    const int64_t falling[] = {3, 2}, high[] = {2, 16};
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    assert_refused(NULL, NULL, NULL, NMF_ERROR_ARGUMENT, "X is NULL");
    wishes.ks = falling;
    wishes.ks_count = 2;
    assert_refused(X, NULL, &wishes, NMF_ERROR_ARGUMENT, "ascend");
    wishes.ks = high;
    assert_refused(X, NULL, &wishes, NMF_ERROR_ARGUMENT, "k = 16");
    wishes.ks = NULL;
    wishes.folds = 1;
    assert_refused(X, NULL, &wishes, NMF_ERROR_ARGUMENT, "folds = 1");
    wishes.folds = 4;
    wishes.repeats = 5;
    assert_refused(X, NULL, &wishes, NMF_ERROR_ARGUMENT, "repeats = 5");
    assert_int_equal(nmf_matrix_new(NMF_F32, 1, 9, &thin, NULL), NMF_OK);
    ((float *)nmf_matrix_writable(thin))[3] = 1;
    assert_refused(thin, NULL, NULL, NMF_ERROR_SHAPE, "2 rows");
    nmf_options options = NMF_OPTIONS_INIT;
    options.loss = NMF_LOSS_IS;
    for (int i = 0; i < 20 * 15; i++)
        ((float *)nmf_matrix_writable(X))[i] += i == 7 ? -((float *)nmf_matrix_writable(X))[7] : 1;
    assert_refused(X, &options, NULL, NMF_ERROR_DATA, "X[0,7] = 0");
    options = nmf_options_init();
    options.memory_limit_bytes = 1000;
    assert_refused(X, &options, NULL, NMF_ERROR_MEMORY, "1000");
    nmf_matrix_free(thin);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(planted_ranks_are_found),
        cmocka_unit_test(whole_numbers_are_judged_as_what_they_spread_like),
        cmocka_unit_test(pictures_of_zeros_and_ones_are_no_counts),
        cmocka_unit_test(missing_entries_are_neither_learned_from_nor_foretold),
        cmocka_unit_test(noise_of_rank_one_has_no_structure),
        cmocka_unit_test(the_answer_has_the_same_bits_for_any_number_of_threads),
        cmocka_unit_test(what_is_known_is_gone_on_with),
        cmocka_unit_test(what_is_known_is_kept_when_it_is_stopped),
        cmocka_unit_test(bad_arguments_get_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
