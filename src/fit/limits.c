/* See limits.h. */
#include "fit/limits.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- one entry --------------------------------------------------------------------------------- */

static double of_matrix(const nmf_matrix *matrix, int64_t i, int64_t j)
{
    return nmf_matrix_at(matrix, nmf_matrix_rows(matrix) == 1 ? 0 : i,
                         nmf_matrix_columns(matrix) == 1 ? 0 : j);
}

/* What entry (i, j) of the factor is known to be; NaN: nothing. */
static double known_at(const nmfi_limits *l, int64_t i, int64_t j)
{
    if (!l->known || i >= nmf_matrix_rows(l->known) || j >= nmf_matrix_columns(l->known))
        return NAN;
    if (l->keep && nmf_matrix_at(l->keep, i, j) == 0) return NAN;
    return nmf_matrix_at(l->known, i, j);
}

typedef struct range {
    double low, high, known;
} range;

static range range_at(const nmfi_limits *l, int64_t i, int64_t j)
{
    const range r = {fmax(l->low, l->lower ? of_matrix(l->lower, i, j) : 0),
                     fmin(l->high, l->upper ? of_matrix(l->upper, i, j) : HUGE_VAL),
                     known_at(l, i, j)};
    return r;
}

int nmfi_limits_fix_all(const nmfi_limits *l)
{
    const nmf_matrix *known = l->known;
    if (!known || nmf_matrix_rows(known) != l->rows || nmf_matrix_columns(known) != l->columns)
        return 0;
    for (int64_t i = 0; i < l->rows; i++)
        for (int64_t j = 0; j < l->columns; j++)
            if (isnan(known_at(l, i, j))) return 0;
    return 1;
}

/* --- checks ------------------------------------------------------------------------------------ */

static nmf_status check_known(const nmfi_limits *l, nmf_error *error)
{
    if (l->keep && !l->known)
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "keep_H says which entries of the known components count, and there are none");
    if (!l->known) return NMF_OK;
    const int64_t r = nmf_matrix_rows(l->known), c = nmf_matrix_columns(l->known);
    const int64_t along = l->is_W ? r : c, parts = l->is_W ? c : r;
    const int64_t wanted = l->is_W ? l->rows : l->columns, k = l->is_W ? l->columns : l->rows;
    if (along != wanted)
        return nmf_fail(error, NMF_ERROR_SHAPE, "the known part of %s has %lld %s; X has %lld",
                        l->name, (long long)along, l->is_W ? "samples" : "features",
                        (long long)wanted);
    if (parts > k || parts == 0)
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%lld components of %s are known; there are %lld components in all",
                        (long long)parts, l->name, (long long)k);
    if (l->keep && (nmf_matrix_rows(l->keep) != r || nmf_matrix_columns(l->keep) != c))
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "keep_H is %lld x %lld; the known components are %lld x %lld",
                        (long long)nmf_matrix_rows(l->keep), (long long)nmf_matrix_columns(l->keep),
                        (long long)r, (long long)c);
    return NMF_OK;
}

static nmf_status check_bound(const nmfi_limits *l, const nmf_matrix *bound, const char *which,
                              nmf_error *error)
{
    if (!bound) return NMF_OK;
    const int64_t r = nmf_matrix_rows(bound), c = nmf_matrix_columns(bound);
    if (!((r == 1 || r == l->rows) && (c == 1 || c == l->columns)) ||
        (c == 1 && r != 1 && l->columns != 1))
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%s_%s is %lld x %lld; it must be a number, a row of %lld or %lld x %lld",
                        which, l->name, (long long)r, (long long)c, (long long)l->columns,
                        (long long)l->rows, (long long)l->columns);
    for (int64_t i = 0; i < r; i++)
        for (int64_t j = 0; j < c; j++) {
            const double value = nmf_matrix_at(bound, i, j);
            if (!(value >= 0) || (bound == l->lower && isinf(value)))
                return nmf_fail(error, NMF_ERROR_DATA,
                                "%s_%s[%lld,%lld] = %g: bounds must be >= 0%s", which, l->name,
                                (long long)i, (long long)j, value,
                                bound == l->lower ? " and lower ones finite" : "");
        }
    return NMF_OK;
}

static nmf_status check_entry(const nmfi_limits *l, int64_t i, int64_t j, range r, nmf_error *error)
{
    if (r.low > r.high)
        return nmf_fail(error, NMF_ERROR_DATA,
                        "%s[%lld,%lld] must be at least %g and at most %g: no number is both",
                        l->name, (long long)i, (long long)j, r.low, r.high);
    if (isnan(r.known)) return NMF_OK;
    if (!(r.known >= 0) || isinf(r.known))
        return nmf_fail(error, NMF_ERROR_DATA,
                        "known %s[%lld,%lld] = %g: entries must be finite and >= 0, or NaN where "
                        "they are not known",
                        l->name, (long long)i, (long long)j, r.known);
    if (r.known < r.low || r.known > r.high)
        return nmf_fail(error, NMF_ERROR_DATA,
                        "known %s[%lld,%lld] = %g is outside its bounds, %g to %g", l->name,
                        (long long)i, (long long)j, r.known, r.low, r.high);
    return NMF_OK;
}

static nmf_status check_row(const nmfi_limits *l, int64_t i, nmf_error *error)
{
    static const double slack = 1e-6; /* of numbers that were rounded to f32 */
    double least = 0, most = 0;
    for (int64_t j = 0; j < l->columns; j++) {
        const range r = range_at(l, i, j);
        const nmf_status status = check_entry(l, i, j, r, error);
        if (status != NMF_OK) return status;
        least += isnan(r.known) ? r.low : r.known;
        most += isnan(r.known) ? r.high : r.known;
    }
    if (!l->sums_to_one || (least <= 1 + slack && most >= 1 - slack)) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_DATA,
                    "row %lld of %s cannot sum to 1: its entries add up to %s %g", (long long)i,
                    l->name, least > 1 ? "at least" : "at most", least > 1 ? least : most);
}

nmf_status nmfi_limits_check(const nmfi_limits *l, nmf_error *error)
{
    nmf_status status = check_known(l, error);
    if (status == NMF_OK) status = check_bound(l, l->lower, "lower", error);
    if (status == NMF_OK) status = check_bound(l, l->upper, "upper", error);
    for (int64_t i = 0; i < l->rows && status == NMF_OK; i++) status = check_row(l, i, error);
    return status;
}

/* --- arrays ------------------------------------------------------------------------------------ */

nmfi_allowed nmfi_limits_layout(nmfi_arena *arena, int64_t k, const nmfi_partition *along,
                                int64_t bytes)
{
    nmfi_allowed allowed = {NULL, NULL, 0};
    allowed.lower = nmfi_take(arena, k, nmfi_product(along->ld, bytes));
    allowed.upper = nmfi_take(arena, k, nmfi_product(along->ld, bytes));
    return allowed;
}

int nmfi_limits_fill(const nmfi_limits *l, const nmfi_kernels *kernels, int64_t k,
                     const nmfi_partition *along, double root, nmfi_allowed *allowed,
                     unsigned char *held)
{
    const int64_t bytes = kernels->element_bytes, count = along->count, ld = along->ld;
    const int64_t before = along->first_row;
    int all_fixed = 1;
    allowed->sum = l->sums_to_one ? root : 0;
    for (int64_t c = 0; c < k; c++) {
        int bound = l->sums_to_one;
        for (int64_t e = 0; e < ld; e++) {
            range r = {0, HUGE_VAL, NAN};
            if (e < count) r = l->is_W ? range_at(l, before + e, c) : range_at(l, c, before + e);
            const int fixed = !isnan(r.known);
            const double low = root * (fixed ? r.known : r.low);
            const double high = root * (fixed ? r.known : r.high);
            char *const lower = (char *)(uintptr_t)allowed->lower, *const upper =
                                                                       (char *)(uintptr_t)
                                                                           allowed->upper;
            kernels->from_f64(&low, lower + (c * ld + e) * bytes, 1);
            kernels->from_f64(&high, upper + (c * ld + e) * bytes, 1);
            if (e >= count) continue;
            bound |= low > 0 || high < HUGE_VAL;
            all_fixed &= low == high;
        }
        if (held) held[c] |= (unsigned char)bound;
    }
    return all_fixed;
}
