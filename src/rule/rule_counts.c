/* The rule of expected counts, for the Kullback-Leibler divergence. A visit with the pair (w, h) left num_jc = sum
 * of w_ij x_ic / v_ic over its rows; q_jc = h_jc num_jc is how much of X in column c component j explains there
 * (what EM calls the expectation). With s_j = sum of w_ij, both of all groups of rows, and h~ the factor that each
 * was visited with, Jensen's inequality gives
 *
 *   D(X || W h) <= const + sum_jc s_j h_jc - q_jc log h_jc,
 *
 * equal at h = h~; its minimum, penalties included, is h = q / (s + l1), or where l2 > 0 the positive root of
 * l2 h^2 + (s + l1) h - q. Groups may have been visited at different times: what is minimized is then the sum of
 * their bounds. Steps longer than to there (powers up to 2 of the factor that leads there) still descend near the
 * minimum. Sources: Lee & Seung 2001; Neal & Hinton 1998; Salakhutdinov & Roweis 2003 for the longer steps. */
#include "rule/divergence.h"

#include <math.h>

typedef struct row {
    double x[NMFI_LANES_MAX], num[NMFI_LANES_MAX], all[NMFI_LANES_MAX], q[NMFI_LANES_MAX];
} row;

static char *at(const nmfi_counts_rule *rule, void *array, const nmfi_tile *tile, int64_t j)
{
    const nmfi_shares *s = &rule->shares;
    return (char *)array + (j * s->ld + tile->first) * s->kernels->element_bytes;
}

static double minimum(const nmfi_counts_rule *rule, double s, double q)
{
    const double b = s + rule->l1;
    if (!(q > 0)) return 0;
    if (!(rule->l2 > 0)) return b > 0 ? q / b : 0;
    return 2 * q / (b + sqrt(b * b + 4 * rule->l2 * q));
}

/* Towards the minimum of the bound and beyond, since bounds are tighter than they need be. What shrinks and is next
 * to nothing beside its component becomes 0, which shrinking by factors never comes to. */
static double moved(const nmfi_counts_rule *rule, int64_t j, double x, double q)
{
    static const double nothing = 1e-6;
    const double least = minimum(rule, rule->sums[j], q);
    if (least < x && x < nothing * rule->means[j]) return 0;
    return x > 0 && least > 0 && rule->power != 1 ? x * pow(least / x, rule->power) : least;
}

/* The sum over groups; the newest one's bound is equal to D at x, and differs by the sum of q log x. */
static void add_up(const nmfi_counts_rule *rule, const nmfi_tile *tile, int64_t j, row *r)
{
    const nmfi_shares *s = &rule->shares;
    const nmfi_kernels *kernels = s->kernels;
    double kept[NMFI_LANES_MAX]; /* of T */
    const char *const P = (const char *)tile->P + j * tile->ldp * kernels->element_bytes;
    kernels->to_f64(at(rule, rule->x, tile, j), r->x, tile->lanes);
    kernels->to_f64(P, r->num, tile->lanes);
    kernels->to_f64(at(rule, rule->num, tile, j), r->all, tile->lanes);
    for (int64_t i = 0; i < tile->rows; i++) {
        r->q[i] = r->x[i] * r->num[i];
        r->all[i] += r->num[i];
        if (r->q[i] > 0) tile->sums->value[NMFI_SUM_DECREASE] += r->q[i] * log(r->x[i]);
    }
    for (int64_t i = tile->rows; i < tile->lanes; i++) r->q[i] = r->all[i] = 0;
    kernels->from_f64(r->all, at(rule, rule->num, tile, j), tile->lanes);
    kernels->from_f64(r->q, kept, tile->lanes);
    nmfi_shares_keep(s, tile, j, kept);
    nmfi_shares_total(s, tile, j);
    kernels->to_f64(at(rule, s->total, tile, j), r->q, tile->lanes);
}

static void measure(const nmfi_counts_rule *rule, const nmfi_tile *tile, int64_t j, const row *r)
{
    for (int64_t i = 0; i < tile->rows; i++) {
        const double slope = rule->sums[j] + rule->l1 + rule->l2 * r->x[i] - r->all[i];
        const double projected = r->x[i] > 0 || slope < 0 ? slope : 0;
        tile->sums->pg2[j] += projected * projected;
        tile->sums->ref2[j] += r->all[i] * r->all[i];
    }
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_counts_rule *rule = context;
    const nmfi_kernels *kernels = rule->shares.kernels;
    row r;
    for (int64_t j = 0; j < rule->shares.k; j++) {
        add_up(rule, tile, j, &r);
        for (int64_t i = 0; i < tile->rows; i++) {
            if (!rule->stays) r.x[i] = moved(rule, j, r.x[i], r.q[i]);
            if (r.q[i] > 0 && r.x[i] > 0)
                tile->sums->value[NMFI_SUM_OBJECTIVE] += r.q[i] * log(r.x[i]);
        }
        kernels->from_f64(r.x, at(rule, rule->x, tile, j), tile->rows);
        if (rule->measures) measure(rule, tile, j, &r);
    }
}

nmfi_rule nmfi_rule_counts(const nmfi_counts_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}

/* What all groups explain by an entry of x: each as much as the next. */
static void explain(const nmfi_counts_rule *rule, int64_t j, int64_t c, double q)
{
    const nmfi_shares *s = &rule->shares;
    const double each = q / (double)s->known;
    for (int64_t g = 0; g < s->known; g++)
        s->kernels->from_f64(
            &each, (char *)s->shares + ((g * s->k + j) * s->ld + c) * s->kernels->element_bytes, 1);
}

/* Where one entry of x goes on from, with all that groups asked for by it. */
static double settled(const nmfi_counts_rule *rule, int64_t j, double x, double num)
{
    static const double small = 1e-2, smaller = 1e-3, clearly = 1e-2;
    const double den = rule->sums[j] + rule->l1, mean = rule->means[j];
    if (x < small * mean && num < (1 - clearly) * den) return 0;
    return x == 0 && num > (1 + clearly) * den ? smaller * mean : x;
}

void nmfi_counts_settle(const nmfi_counts_rule *rule, int64_t count)
{
    const nmfi_shares *s = &rule->shares;
    const int64_t bytes = s->kernels->element_bytes;
    for (int64_t j = 0; j < s->k; j++)
        for (int64_t c = 0; c < count; c += NMFI_LANES_MAX) {
            const int64_t lanes = count - c < NMFI_LANES_MAX ? count - c : NMFI_LANES_MAX;
            char *const at_x = (char *)rule->x + (j * s->ld + c) * bytes;
            double x[NMFI_LANES_MAX], num[NMFI_LANES_MAX];
            s->kernels->to_f64(at_x, x, lanes);
            s->kernels->to_f64((char *)rule->num + (j * s->ld + c) * bytes, num, lanes);
            for (int64_t i = 0; i < lanes; i++) {
                const double next = settled(rule, j, x[i], num[i]);
                if (next == x[i]) continue;
                explain(rule, j, c + i, next * num[i]);
                x[i] = next;
            }
            s->kernels->from_f64(x, at_x, lanes);
        }
}
