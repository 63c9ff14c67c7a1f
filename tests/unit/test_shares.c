/* Shares, agreement and matching against their definitions, written out naively. */
#include "support.h"

#include <math.h>
#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 6 };

static uint64_t state_of_numbers = 1;

static double number(void) /* 0 to 1 */
{
    state_of_numbers = state_of_numbers * 6364136223846793005u + 1442695040888963407u;
    return (double)(state_of_numbers >> 33) / (double)(UINT64_C(1) << 31);
}

/* The best sum over all one-to-one pairings of rows from `row` on with columns that are free. */
static double best_of(const double *gain, int64_t rows, int64_t columns, int64_t row,
                      unsigned taken, int64_t pairs_left)
{
    if (pairs_left == 0) return 0;
    double best = -HUGE_VAL;
    if (rows - row > pairs_left) /* this row may stay alone */
        best = best_of(gain, rows, columns, row + 1, taken, pairs_left);
    for (int64_t j = 0; j < columns; j++) {
        if (taken >> j & 1) continue;
        const double with = gain[row * columns + j] +
                            best_of(gain, rows, columns, row + 1, taken | 1u << j, pairs_left - 1);
        best = with > best ? with : best;
    }
    return best;
}

static void the_matching_is_the_best_of_all(void **state)
{
    (void)state;
    double gain[MOST * MOST];
    int64_t partner[MOST];
    for (int64_t rows = 1; rows <= MOST; rows++)
        for (int64_t columns = 1; columns <= MOST; columns++)
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < MOST * MOST; i++) gain[i] = floor(20 * number()) - 5;
                assert_int_equal(nmf_best_matching(gain, rows, columns, partner, NULL), NMF_OK);
                double sum = 0;
                int64_t pairs = 0;
                unsigned taken = 0;
                for (int64_t i = 0; i < rows; i++) {
                    if (partner[i] < 0) continue;
                    assert_true(partner[i] < columns && !(taken >> partner[i] & 1));
                    taken |= 1u << partner[i];
                    sum += gain[i * columns + partner[i]];
                    pairs++;
                }
                const int64_t least = rows < columns ? rows : columns;
                assert_int_equal(pairs, least);
                assert_true(sum == best_of(gain, rows, columns, 0, 0, least));
            }
    nmf_error error;
    gain[1] = NAN;
    unit_failed(nmf_best_matching(gain, 2, 2, partner, &error), &error, NMF_ERROR_ARGUMENT,
                "gain[0,1]");
    unit_failed(nmf_best_matching(NULL, 2, 2, partner, &error), &error, NMF_ERROR_ARGUMENT, "gain");
}

static void agreement_is_of_groups_and_not_of_their_numbers(void **state)
{
    (void)state;
    static const int64_t classes[] = {0, 0, 1, 1, 2, 2}, same[] = {2, 2, 0, 0, 1, 1},
                         one[] = {0, 0, 0, 0, 0, 0}, half[] = {0, 0, 0, 1, 1, 1};
    nmf_agreement found;
    nmf_error error;
    assert_int_equal(nmf_agree(classes, same, 6, 3, 3, &found, NULL), NMF_OK);
    assert_true(fabs(found.nmi - 1) < 1e-12 && found.ari == 1 && found.accuracy == 1);
    assert_int_equal(nmf_agree(classes, one, 6, 3, 1, &found, NULL), NMF_OK);
    assert_true(found.nmi == 0 && found.ari == 0 && found.accuracy == 2.0 / 6);
    /* scikit-learn 1.2: normalized_mutual_info_score, adjusted_rand_score */
    assert_int_equal(nmf_agree(classes, half, 6, 3, 5, &found, NULL), NMF_OK);
    assert_true(fabs(found.nmi - 0.5158037429793889) < 1e-12);
    assert_true(fabs(found.ari - 0.24242424242424243) < 1e-12);
    assert_true(found.accuracy == 4.0 / 6);
    unit_failed(nmf_agree(classes, half, 6, 2, 2, &found, &error), &error, NMF_ERROR_ARGUMENT,
                "sample 4 is in class 2 of 2");
    unit_failed(nmf_agree(classes, half, 0, 3, 2, &found, &error), &error, NMF_ERROR_ARGUMENT,
                "at least one sample");
}

static nmf_model *fitted(nmf_loss loss, const nmf_matrix *X)
{
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL;
    options.k = 3;
    options.loss = loss;
    assert_int_equal(nmf_fit(X, &options, &model, NULL), NMF_OK);
    return model;
}

/* share_c = sum of component c's part of W H over the sum of W H; in a row by sizes of H's rows. */
static void shares_are_what_their_definitions_say(void **state)
{
    (void)state;
    enum { ROWS = 9, COLUMNS = 7, K = 3 };
    double entries[ROWS * COLUMNS], parts[K], all = 0, of_model[K];
    for (int i = 0; i < ROWS * COLUMNS; i++) entries[i] = 0.1 + number();
    const nmf_dense dense = {entries, NMF_F64, ROWS, COLUMNS, COLUMNS, 1};
    nmf_matrix *X, *shares;
    assert_int_equal(nmf_matrix_borrow(&dense, &X, NULL), NMF_OK);
    for (int loss = 0; loss < 2; loss++) {
        nmf_model *model = fitted(loss ? NMF_LOSS_KL : NMF_LOSS_FROBENIUS, X);
        const nmf_matrix *W = nmf_model_view(model)->W, *H = nmf_model_view(model)->H;
        int64_t largest[ROWS];
        all = 0;
        for (int c = 0; c < K; c++) {
            parts[c] = 0;
            for (int i = 0; i < ROWS; i++)
                for (int j = 0; j < COLUMNS; j++)
                    parts[c] += nmf_matrix_at(W, i, c) * nmf_matrix_at(H, c, j);
            all += parts[c];
        }
        assert_int_equal(nmf_model_component_shares(model, of_model, NULL), NMF_OK);
        for (int c = 0; c < K; c++) assert_true(fabs(of_model[c] - parts[c] / all) < 1e-12);
        assert_int_equal(nmf_model_sample_shares(model, NULL, &shares, largest, NULL), NMF_OK);
        for (int i = 0; i < ROWS; i++) {
            double weight[K], sum = 0;
            int most = 0;
            for (int c = 0; c < K; c++) {
                double size = 0;
                for (int j = 0; j < COLUMNS; j++) size += pow(nmf_matrix_at(H, c, j), loss ? 1 : 2);
                weight[c] = nmf_matrix_at(W, i, c) * (loss ? size : sqrt(size));
                sum += weight[c];
                if (weight[c] > weight[most]) most = c;
            }
            assert_int_equal(largest[i], most);
            for (int c = 0; c < K; c++)
                assert_true(fabs(nmf_matrix_at(shares, i, c) - weight[c] / sum) < 1e-12);
        }
        nmf_matrix_free(shares);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

static void transform_with_components_is_transform_with_their_model(void **state)
{
    (void)state;
    enum { ROWS = 12, COLUMNS = 8, K = 3 };
    double entries[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) entries[i] = 0.5 + number(); /* mean 1: unit 1 */
    const nmf_dense dense = {entries, NMF_F64, ROWS, COLUMNS, COLUMNS, 1};
    nmf_matrix *X, *W;
    nmf_error error;
    assert_int_equal(nmf_matrix_borrow(&dense, &X, NULL), NMF_OK);
    for (int loss = 0; loss < 3; loss++) {
        nmf_model *model = fitted((nmf_loss)loss, X);
        nmf_options options = NMF_OPTIONS_INIT;
        options.loss = (nmf_loss)loss;
        assert_int_equal(nmf_transform_with(nmf_model_view(model)->H, X, &options, &W, NULL),
                         NMF_OK);
        for (int i = 0; i < ROWS * K; i++)
            assert_true(fabs(nmf_matrix_at(W, i / K, i % K) -
                             nmf_matrix_at(nmf_model_view(model)->W, i / K, i % K)) < 1e-9);
        nmf_matrix_free(W);
        options.k = 4;
        unit_failed(nmf_transform_with(nmf_model_view(model)->H, X, &options, &W, &error), &error,
                    NMF_ERROR_SHAPE, "H has 3 rows and k = 4");
        options.k = 0;
        options.weighting = NMF_WEIGHTING_TFIDF;
        unit_failed(nmf_transform_with(nmf_model_view(model)->H, X, &options, &W, &error), &error,
                    NMF_ERROR_ARGUMENT, "tfidf");
        assert_null(W);
        nmf_model_free(model);
    }
    unit_failed(nmf_transform_with(NULL, X, NULL, &W, &error), &error, NMF_ERROR_ARGUMENT, "H");
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matching_is_the_best_of_all),
        cmocka_unit_test(agreement_is_of_groups_and_not_of_their_numbers),
        cmocka_unit_test(shares_are_what_their_definitions_say),
        cmocka_unit_test(transform_with_components_is_transform_with_their_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
