/* See sigprofiler.h. */
#include "sigprofiler.h"

#include <math.h>
#include <stdlib.h>

/* What a sample and its model add up to. */
typedef struct sums {
    double x, v, absolute, square_x, square_v, square_difference, product;
} sums;

static sums add_up(const double *x, const double *v, int64_t count)
{
    sums s = {0, 0, 0, 0, 0, 0, 0};
    for (int64_t j = 0; j < count; j++) {
        s.x += x[j];
        s.v += v[j];
        s.absolute += fabs(x[j] - v[j]);
        s.square_x += x[j] * x[j];
        s.square_v += v[j] * v[j];
        s.square_difference += (x[j] - v[j]) * (x[j] - v[j]);
        s.product += x[j] * v[j];
    }
    return s;
}

static double divergence_of_shares(const double *x, const double *v, int64_t count, const sums *s)
{
    double sum = 0;
    for (int64_t j = 0; j < count; j++)
        if (x[j] > 0) sum += x[j] / s->x * log(x[j] / s->x * s->v / v[j]);
    return sum;
}

static double quotient(double of, double by)
{
    return by > 0 ? of / by : 0;
}

static void add_sample(const double *x, const double *v, int64_t count, cli_solution *to)
{
    const sums s = add_up(x, v, count);
    const double n = (double)count, l1 = quotient(s.absolute, s.x);
    const double l2 = sqrt(quotient(s.square_difference, s.square_x));
    const double kl = divergence_of_shares(x, v, count, &s);
    const double cosine = 1 - quotient(s.product, sqrt(s.square_x * s.square_v));
    const double spread = (n * s.square_x - s.x * s.x) * (n * s.square_v - s.v * s.v);
    const double correlation = quotient(n * s.product - s.x * s.v, sqrt(fmax(spread, 0)));
    to->mean_l1 += l1;
    to->mean_l2 += l2;
    to->mean_kl += kl;
    to->mean_cosine += cosine;
    to->mean_correlation += correlation;
    to->most_l1 = fmax(to->most_l1, l1);
    to->most_l2 = fmax(to->most_l2, l2);
    to->most_kl = fmax(to->most_kl, kl);
    to->most_cosine = fmax(to->most_cosine, cosine);
    to->least_correlation = fmin(to->least_correlation, correlation);
}

static nmf_status add_samples(const nmf_matrix *X, const nmf_matrix *model, double *rows,
                              cli_solution *to, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(X);
    double *const x = rows, *const v = rows + columns;
    int64_t seen = 0;
    double squares = 0, differences = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(X); i++) {
        double sum = 0;
        nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, x, error);
        if (status == NMF_OK) status = nmf_matrix_copy_rows(model, i, 1, NMF_F64, v, error);
        if (status != NMF_OK) return status;
        for (int64_t j = 0; j < columns; j++) {
            sum += x[j];
            squares += x[j] * x[j];
            differences += (x[j] - v[j]) * (x[j] - v[j]);
        }
        if (!(sum > 0)) continue;
        add_sample(x, v, columns, to);
        seen++;
    }
    double *const means[] = {&to->mean_l1, &to->mean_l2, &to->mean_kl, &to->mean_cosine,
                             &to->mean_correlation};
    for (int i = 0; i < 5; i++) *means[i] = quotient(*means[i], (double)seen);
    to->frobenius = sqrt(quotient(differences, squares));
    return NMF_OK;
}

nmf_status cli_judge_solution(const nmf_matrix *X, const nmf_consensus_content *content,
                              cli_solution *solution, nmf_error *error)
{
    nmf_matrix *model = NULL;
    double *rows = malloc(2 * sizeof *rows * (size_t)nmf_matrix_columns(X));
    *solution = (cli_solution){.k = content->k,
                               .stability = content->mean_stability,
                               .least_stability = content->worst_stability,
                               .least_correlation = 1};
    nmf_status status = rows != NULL
                            ? nmf_reconstruct(content->model, NULL, &model, error)
                            : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row of the data");
    if (status == NMF_OK) status = add_samples(X, model, rows, solution, error);
    nmf_matrix_free(model);
    free(rows);
    return status;
}

void cli_add_solutions(const cli_solution *solutions, int64_t count, cli_text *text)
{
    int64_t chosen = -1;
    for (int64_t i = 0; i < count; i++) {
        const cli_solution *s = &solutions[i];
        if (s->stability >= 0.8 && s->least_stability >= 0.2 &&
            s->stability + s->least_stability >= 1)
            chosen = i;
    }
    cli_text_add(text, "Signatures,Stability (Avg Silhouette),Minimum Stability,Matrix Frobenius%%,"
                       "Mean Sample L1%%,Maximum Sample L1%%,Mean Sample L2%%,Maximum Sample L2%%,"
                       "Mean Sample KL,Maximum Sample KL,Mean Cosine Distance,Max Cosine Distance,"
                       "Mean Correlation,Minimum Correlation\n");
    for (int64_t i = 0; i < count; i++) {
        const cli_solution *s = &solutions[i];
        cli_text_add(text, "%lld%s,%.4g,%.4g,%.2f%%,%.2f%%,%.2f%%,%.2f%%,%.2f%%,", (long long)s->k,
                     i == chosen ? "*" : "", s->stability, s->least_stability, 100 * s->frobenius,
                     100 * s->mean_l1, 100 * s->most_l1, 100 * s->mean_l2, 100 * s->most_l2);
        cli_text_add(text, "%.4g,%.4g,%.4g,%.4g,%.4g,%.4g\n", s->mean_kl, s->most_kl,
                     s->mean_cosine, s->most_cosine, s->mean_correlation, s->least_correlation);
    }
}
