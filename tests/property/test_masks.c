/* Hard masks: of rows and columns nothing or one entry is seen, fewer entries than components, parts of X that do not
 * know of each other. What comes out is finite, never rose, is a minimum where the fit says so, and has not seen what
 * was not observed. */
#include "support.h"

#include <math.h>
#include <stdio.h>

enum { M = 48, N = 36, K = 4 };

/* --- masks --------------------------------------------------------------------------------------- */

typedef struct data {
    double x[M * N], seen[M * N], W[M * K], H[K * N];
} data;

typedef int observes(const data *of, int i, int j);

static int all_but_a_row_and_a_column(const data *of, int i, int j)
{
    (void)of;
    return i != 3 && j != 7;
}
static int one_entry(const data *of, int i, int j)
{
    (void)of;
    return i == 5 && j == 9;
}
static int fewer_than_components(const data *of, int i, int j)
{
    (void)of;
    return j % 16 == i % 16;
}
static int one_field_of_the_board(const data *of, int i, int j)
{
    (void)of;
    return (i + j) % 2;
}
static int a_cross(const data *of, int i, int j)
{
    (void)of;
    return i % 10 == 0 || j == 0;
}
static int one_in_a_thousand(const data *of, int i, int j)
{
    (void)of;
    return (i * N + j) * 7919 % 1000 == 0;
}
static int the_diagonal(const data *of, int i, int j)
{
    (void)of;
    return i == j;
}
static int a_block(const data *of, int i, int j)
{
    (void)of;
    return i < M / 3 && j < N / 2;
}
static int two_blocks(const data *of, int i, int j)
{
    (void)of;
    return (i < M / 2) == (j < N / 2);
}
static int where_a_part_is_not(const data *of, int i, int j)
{
    (void)i;
    return of->H[j] == 0;
}
static int one_in_each_row(const data *of, int i, int j)
{
    (void)of;
    return j == i * 5 % N;
}
static int half_of_a_pair(const data *of, int i, int j)
{
    (void)of;
    return (i + j / 3) % 2;
}
static int rows_or_one_entry(const data *of, int i, int j)
{
    (void)of;
    return i < M / 2 || j == i % N;
}
static int nearly_all(const data *of, int i, int j)
{
    (void)of;
    return (i * N + j) % 13 != 0;
}

static const struct {
    const char *name;
    observes *sees;
} masks[] = {{"a row and a column without observation", all_but_a_row_and_a_column},
             {"one entry", one_entry},
             {"fewer entries in a row than components", fewer_than_components},
             {"a chessboard", one_field_of_the_board},
             {"a cross", a_cross},
             {"99.9 % missing", one_in_a_thousand},
             {"the diagonal", the_diagonal},
             {"a block", a_block},
             {"two blocks", two_blocks},
             {"a part hidden", where_a_part_is_not},
             {"one entry in each row", one_in_each_row},
             {"halves of equal rows", half_of_a_pair},
             {"whole rows and single entries", rows_or_one_entry},
             {"8 % missing", nearly_all}};

/* Parts that share some columns; rows 2 i and 2 i + 1 are the same. */
static void draw(data *of, int64_t mask)
{
    uint64_t state = 77;
    for (int i = 0; i < M; i++)
        for (int c = 0; c < K; c++) {
            const double w = next_uniform(&state);
            of->W[i * K + c] = i % 2 ? of->W[(i - 1) * K + c] : w < 0.3 ? 0 : w;
        }
    for (int c = 0; c < K; c++)
        for (int j = 0; j < N; j++) {
            const double h = next_uniform(&state);
            of->H[c * N + j] = (j + 9 * c) % N < N / 3 ? 0.2 + h : 0;
        }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0.02 + 0.02 * next_uniform(&state);
            for (int c = 0; c < K; c++) v += of->W[i * K + c] * of->H[c * N + j];
            of->x[i * N + j] = v;
        }
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) of->seen[i * N + j] = masks[mask].sees(of, i, j);
}

static nmf_matrix *masked(const data *of, double otherwise)
{
    nmf_error error;
    double x[M * N];
    for (int e = 0; e < M * N; e++) x[e] = of->seen[e] > 0 ? of->x[e] : otherwise;
    nmf_matrix *X = matrix_from(x, M, N, NMF_F64, BY_ROWS);
    assert_int_equal(
        nmf_matrix_set_weights(X, matrix_from(of->seen, M, N, NMF_F64, BY_ROWS), &error), NMF_OK);
    return X;
}

static nmf_matrix *unstored(const data *of, layout how)
{
    nmf_error error;
    double x[M * N];
    for (int e = 0; e < M * N; e++) x[e] = of->seen[e] > 0 ? of->x[e] : 0;
    nmf_matrix *X = matrix_from(x, M, N, NMF_F64, how);
    assert_int_equal(nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, &error), NMF_OK);
    return X;
}

/* --- losses -------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    nmf_loss loss;
    double beta;
} losses[] = {{"frobenius", NMF_LOSS_FROBENIUS, 2},
              {"kl", NMF_LOSS_KL, 1},
              {"beta 1.5", NMF_LOSS_BETA, 1.5},
              {"is", NMF_LOSS_IS, 0}};

static nmf_options options_for(int64_t loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = losses[loss].loss;
    options.beta = losses[loss].beta;
    options.max_iter = 500;
    options.shrink = 0;
    return options;
}

/* Slopes of the loss by its formula, beside what they are made of: of a minimum they are 0 where the entry is positive,
 * and not negative where it is 0. */
static double residual_of(const data *of, const nmf_model_content *model, double beta)
{
    double W[M * K] = {0}, H[N * K] = {0}, W_size[M * K] = {0}, H_size[N * K] = {0}, residual = 0,
                 size = 0;
    double w2[K] = {0}, h2[K] = {0};
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0;
            if (!(of->seen[i * N + j] > 0)) continue;
            for (int c = 0; c < K; c++)
                v += nmf_matrix_at(model->W, i, c) * nmf_matrix_at(model->H, c, j);
            v = fmax(v, 1e-100);
            const double x = of->x[i * N + j], slope = pow(v, beta - 1) - x * pow(v, beta - 2);
            for (int c = 0; c < K; c++) {
                const double w = nmf_matrix_at(model->W, i, c), h = nmf_matrix_at(model->H, c, j);
                W[i * K + c] += slope * h;
                H[j * K + c] += slope * w;
                W_size[i * K + c] += x * pow(v, beta - 2) * h;
                H_size[j * K + c] += x * pow(v, beta - 2) * w;
            }
        }
    for (int e = 0; e < M * K; e++) w2[e % K] += pow(nmf_matrix_at(model->W, e / K, e % K), 2);
    for (int e = 0; e < N * K; e++) h2[e % K] += pow(nmf_matrix_at(model->H, e % K, e / K), 2);
    for (int c = 0; c < K; c++) {
        const double c2 = w2[c] > 0 && h2[c] > 0 ? sqrt(h2[c] / w2[c]) : 1;
        for (int i = 0; i < M; i++) {
            const double g = W[i * K + c];
            residual += pow(nmf_matrix_at(model->W, i, c) > 0 ? g : fmin(g, 0), 2) / c2;
            size += pow(W_size[i * K + c], 2) / c2;
        }
        for (int j = 0; j < N; j++) {
            const double g = H[j * K + c];
            residual += pow(nmf_matrix_at(model->H, c, j) > 0 ? g : fmin(g, 0), 2) * c2;
            size += pow(H_size[j * K + c], 2) * c2;
        }
    }
    return size > 0 ? sqrt(residual / size) : 0;
}

static void expect_sound(const data *of, const nmf_model *model, double beta, const char *name)
{
    const nmf_model_content *content = nmf_model_view(model);
    double loss = 0, squares = 0;
    expect_factors(model, name);
    for (int e = 0; e < M * N; e++) {
        double v = 0;
        if (!(of->seen[e] > 0)) continue;
        for (int c = 0; c < K; c++)
            v += nmf_matrix_at(content->W, e / N, c) * nmf_matrix_at(content->H, c, e % N);
        loss += loss_of_entry(of->x[e], fmax(v, 1e-100), beta);
        squares += of->x[e] * of->x[e];
    }
    if (!(fabs(content->loss - loss) <= 1e-8 * (loss + squares)))
        fail_msg("%s: loss %.12g, by its definition %.12g", name, content->loss, loss);
    for (int64_t t = 1; t < content->trace_count; t++)
        if (!(content->trace[t].loss <= content->trace[t - 1].loss * (1 + 1e-8) + 1e-14 * squares))
            fail_msg("%s: loss %.15g after %.15g", name, content->trace[t].loss,
                     content->trace[t - 1].loss);
    const double residual = residual_of(of, content, beta);
    if (fabs(residual - content->kkt) > 1e-3 * residual + 1e-6)
        fail_msg("%s: the residual is %g and said to be %g", name, residual, content->kkt);
    if (content->stopped == NMF_STOPPED_CONVERGED && residual > 1.1e-3)
        fail_msg("%s: converged with a residual of %g", name, residual);
}

/* --- claims -------------------------------------------------------------------------------------- */

static void hard_masks_are_fitted(void **state)
{
    (void)state;
    for (int64_t m = 0; m < COUNT(masks); m++)
        for (int64_t l = 0; l < COUNT(losses); l++) {
            static data of;
            char name[128];
            snprintf(name, sizeof name, "%s, %s", masks[m].name, losses[l].name);
            draw(&of, m);
            nmf_matrix *X = masked(&of, NAN);
            const nmf_options options = options_for(l);
            nmf_model *model = fit(X, &options);
            expect_sound(&of, model, losses[l].beta, name);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

static void what_is_hidden_is_not_seen(void **state)
{
    (void)state;
    for (int64_t m = 0; m < COUNT(masks); m++)
        for (int64_t l = 0; l < COUNT(losses); l++) {
            static data of;
            draw(&of, m);
            nmf_matrix *a = masked(&of, NAN), *b = masked(&of, 1e30);
            nmf_options options = options_for(l);
            options.max_iter = 30;
            nmf_model *one = fit(a, &options), *other = fit(b, &options);
            expect_same_entries(nmf_model_view(one)->W, nmf_model_view(other)->W);
            expect_same_entries(nmf_model_view(one)->H, nmf_model_view(other)->H);
            nmf_model_free(one);
            nmf_model_free(other);
            nmf_matrix_free(a);
            nmf_matrix_free(b);
        }
}

static void sparse_ones_are_fitted_too(void **state)
{
    (void)state;
    for (int64_t m = 0; m < COUNT(masks); m++)
        for (int64_t l = 0; l < COUNT(losses); l++)
            for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
                static data of;
                char name[128];
                snprintf(name, sizeof name, "%s, %s, %s", masks[m].name, losses[l].name,
                         how == SPARSE_ROWS ? "sparse rows" : "sparse columns");
                if (losses[l].beta != 2 && losses[l].beta != 1) continue;
                draw(&of, m);
                nmf_matrix *X = unstored(&of, how);
                const nmf_options options = options_for(l);
                nmf_model *model = fit(X, &options);
                expect_sound(&of, model, losses[l].beta, name);
                nmf_model_free(model);
                nmf_matrix_free(X);
            }
}

/* Rows and columns of which nothing is known. */
static void nothing_known_is_nothing(void **state)
{
    (void)state;
    static data of;
    draw(&of, 0);
    for (int64_t l = 0; l < COUNT(losses); l++) {
        nmf_matrix *X = masked(&of, NAN);
        const nmf_options options = options_for(l);
        nmf_model *model = fit(X, &options);
        for (int64_t c = 0; c < K; c++) {
            assert_true(nmf_matrix_at(nmf_model_view(model)->W, 3, c) == 0);
            assert_true(nmf_matrix_at(nmf_model_view(model)->H, c, 7) == 0);
        }
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

/* Whole numbers of rank 3 of which a third is unknown are one problem, whatever their type and however they lie, and
 * what stands where nothing was seen is the answer. */
static void any_storage_is_one_problem(void **state)
{
    enum { RANK = 3 };
    (void)state;
    static double x[M * N], seen[M * N], x_or_0[M * N], W[M * RANK], H[RANK * N];
    uint64_t next = 5;
    for (int e = 0; e < M * RANK; e++) W[e] = floor(1 + 8 * next_uniform(&next));
    for (int e = 0; e < RANK * N; e++) H[e] = floor(1 + 9 * next_uniform(&next));
    for (int e = 0; e < M * N; e++) {
        x[e] = 0;
        for (int c = 0; c < RANK; c++) x[e] += W[e / N * RANK + c] * H[c * N + e % N];
        seen[e] = next_uniform(&next) < 0.67;
        x_or_0[e] = seen[e] > 0 ? x[e] : 0;
    }
    for (int e = 0; e < M * RANK; e++) W[e] *= 0.8 + 0.4 * next_uniform(&next);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = RANK;
    options.shrink = 0;
    options.init = NMF_INIT_CUSTOM;
    options.start_W = matrix_from(W, M, RANK, NMF_F64, BY_ROWS);
    options.start_H = matrix_from(H, RANK, N, NMF_F64, BY_ROWS);
    options.precision = NMF_PRECISION_F64;
    options.tol = 1e-9;
    options.max_iter = 20000;
    for (int64_t l = 0; l < 2; l++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++)
            for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
                nmf_error error;
                options.loss = losses[l].loss;
                nmf_matrix *X = matrix_from(how < DENSE_LAYOUTS ? x : x_or_0, M, N, dtype, how);
                if (how < DENSE_LAYOUTS)
                    assert_int_equal(nmf_matrix_set_weights(
                                         X, matrix_from(seen, M, N, NMF_F64, BY_COLUMNS), &error),
                                     NMF_OK);
                else
                    assert_int_equal(nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, &error),
                                     NMF_OK);
                nmf_model *model = fit(X, &options);
                for (int e = 0; e < M * N; e++) {
                    double v = 0;
                    for (int c = 0; c < RANK; c++)
                        v += nmf_matrix_at(nmf_model_view(model)->W, e / N, c) *
                             nmf_matrix_at(nmf_model_view(model)->H, c, e % N);
                    if (fabs(v - x[e]) > 1e-3 * x[e])
                        fail_msg("%s, type %d, layout %d: %s entry %d is %g and comes out as %g",
                                 losses[l].name, (int)dtype, (int)how,
                                 seen[e] > 0 ? "seen" : "hidden", e, x[e], v);
                }
                nmf_model_free(model);
                nmf_matrix_free(X);
            }
    nmf_matrix_free((nmf_matrix *)(uintptr_t)options.start_W);
    nmf_matrix_free((nmf_matrix *)(uintptr_t)options.start_H);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hard_masks_are_fitted),      cmocka_unit_test(what_is_hidden_is_not_seen),
        cmocka_unit_test(sparse_ones_are_fitted_too), cmocka_unit_test(nothing_known_is_nothing),
        cmocka_unit_test(any_storage_is_one_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
