/* The rows of a rank's answer, and what follows from them (rank_result.h). */
#include "select/rank_result.h"

#include "select/statistics.h"

#include "base/memory.h"
#include "base/options.h"

#include <math.h>
#include <string.h>

static int make_room(nmf_rank_result *result)
{
    if (result->content.row_count < result->row_room) return 1;
    const int64_t room = result->row_room ? 2 * result->row_room : 16;
    nmf_rank_row *rows = nmfi_allocate(nmfi_product(room, sizeof *rows));
    if (!rows) return 0;
    if (result->rows) memcpy(rows, result->rows, (size_t)result->content.row_count * sizeof *rows);
    nmfi_release(result->rows);
    result->rows = rows;
    result->content.rows = rows;
    result->row_room = room;
    return 1;
}

nmf_status nmfi_rank_add(nmf_rank_result *result, const nmf_rank_row *row, nmf_error *error)
{
    const int64_t losses = result->content.repeats * result->content.table_rows;
    double *numbers = nmfi_allocate(nmfi_product(losses + 2 * row->k, sizeof(double)));
    if (!numbers || !make_room(result)) {
        nmfi_release(numbers);
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for what is known of k = %lld",
                        (long long)row->k);
    }
    int64_t at = result->content.row_count++;
    for (; at > 0 && result->rows[at - 1].k > row->k; at--) result->rows[at] = result->rows[at - 1];
    memcpy(numbers, row->losses, (size_t)losses * sizeof(double));
    memcpy(numbers + losses, row->silhouettes, (size_t)row->k * sizeof(double));
    memcpy(numbers + losses + row->k, row->cosines, (size_t)row->k * sizeof(double));
    result->rows[at] = *row;
    result->rows[at].losses = numbers;
    result->rows[at].silhouettes = numbers + losses;
    result->rows[at].cosines = numbers + losses + row->k;
    return NMF_OK;
}

void nmf_rank_free(nmf_rank_result *result)
{
    if (!result) return;
    for (int64_t i = 0; i < result->content.row_count; i++)
        nmfi_release((void *)(uintptr_t)result->rows[i].losses);
    nmfi_release(result->rows);
    nmfi_release(result);
}

const nmf_rank_content *nmf_rank_view(const nmf_rank_result *result)
{
    return &result->content;
}

/* --- what follows ---------------------------------------------------------------------------- */

static void judge_components(nmf_rank_row *row)
{
    row->worst_silhouette = HUGE_VAL;
    row->mean_silhouette = 0;
    row->returning = 0;
    for (int64_t j = 0; j < row->k; j++) {
        row->worst_silhouette = fmin(row->worst_silhouette, row->silhouettes[j]);
        row->mean_silhouette += row->silhouettes[j] / (double)row->k;
        row->returning += row->cosines[j] >= 0.9;
    }
    row->stable = row->worst_silhouette >= NMFI_STABLE;
}

/* 2 D / (entries seen - free parameters), over the folds. */
static double dispersion(const nmf_rank_content *content, const nmf_rank_row *row)
{
    const double entries =
        (double)content->samples * (double)content->features * (1 - 1 / (double)content->folds);
    const double parameters =
        (double)row->k * (double)(content->samples + content->features - row->k);
    if (nmfi_beta(&content->options) != 1 || !content->are_counts || entries <= parameters)
        return NAN;
    return 2 * row->training_loss / ((double)content->repeats * (entries - parameters));
}

static double error_of(const nmf_rank_result *result, const nmf_rank_row *row)
{
    if (nmfi_beta(&result->content.options) == 2 && result->content.held_out_squares > 0)
        return sqrt(2 * row->loss / result->content.held_out_squares);
    return result->rows[0].loss > 0 ? row->loss / result->rows[0].loss : 0;
}

static void take_verdict(nmf_rank_result *result, const nmfi_candidate *candidates,
                         const nmfi_verdict *verdict)
{
    nmf_rank_content *content = &result->content;
    content->best = candidates[verdict->best].k;
    content->predicts = candidates[verdict->predicts].k;
    content->set_lowest = content->set_highest = 0;
    content->largest_stable = 1;
    int64_t members = 0;
    for (int64_t i = 0; i < content->row_count; i++) {
        nmf_rank_row *row = &result->rows[i];
        row->loss = candidates[i].loss;
        row->difference = candidates[i].difference;
        row->standard_error = candidates[i].standard_error;
        row->p_best = candidates[i].p_best;
        row->in_set = candidates[i].in_set;
        row->error = error_of(result, row);
        if (row->in_set && !content->set_lowest) content->set_lowest = row->k;
        if (row->in_set) content->set_highest = row->k;
        if (row->stable) content->largest_stable = row->k;
        members += row->in_set;
    }
    const nmf_rank_row *last = &result->rows[content->row_count - 1];
    content->open_ended = last->in_set && last->k > 1;
    content->has_structure = content->predicts > 1;
    content->agree = members == 1 && result->rows[verdict->predicts].stable && !content->open_ended;
    content->dispersion = result->rows[verdict->predicts].dispersion;
}

nmf_status nmfi_rank_judge(nmf_rank_result *result, nmf_error *error)
{
    nmf_rank_content *content = &result->content;
    const int64_t count = content->row_count;
    nmfi_candidate *candidates = nmfi_allocate(nmfi_product(count, sizeof *candidates));
    nmfi_verdict verdict = {0, 0};
    if (!candidates) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory to compare ranks");
    for (int64_t i = 0; i < count; i++) {
        candidates[i] = (nmfi_candidate){.k = result->rows[i].k, .losses = result->rows[i].losses};
        judge_components(&result->rows[i]);
        result->rows[i].dispersion = dispersion(content, &result->rows[i]);
    }
    const nmf_status status =
        nmfi_compare(candidates, count, content->repeats, content->table_rows, content->tie,
                     NMFI_RANK_DRAWS, (uint64_t)content->options.seed, &verdict, error);
    if (status == NMF_OK) {
        take_verdict(result, candidates, &verdict);
        nmfi_rank_put_in_words(result);
    }
    nmfi_release(candidates);
    return status;
}

static nmf_status check_content(const nmf_rank_content *content, nmf_error *error)
{
    if (content->row_count < 1 || content->repeats < 1 || content->table_rows < 1 ||
        content->folds < 2 || content->samples < 1 || content->features < 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a rank result needs rows, folds and a shape");
    for (int64_t i = 0; i < content->row_count; i++) {
        const nmf_rank_row *row = &content->rows[i];
        if (row->k < 1 || (i > 0 && row->k <= content->rows[i - 1].k))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "ranks must be positive and ascend, but number %lld is %lld",
                            (long long)i, (long long)row->k);
        if (!row->losses || !row->silhouettes || !row->cosines)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "k = %lld has no losses or components",
                            (long long)row->k);
        for (int64_t e = 0; e < content->repeats * content->table_rows; e++)
            if (!isfinite(row->losses[e]))
                return nmf_fail(error, NMF_ERROR_ARGUMENT, "k = %lld: loss %lld is not finite",
                                (long long)row->k, (long long)e);
    }
    return NMF_OK;
}

nmf_status nmf_rank_result_new(const nmf_rank_content *content, nmf_rank_result **result,
                               nmf_error *error)
{
    if (!result) return nmf_fail(error, NMF_ERROR_ARGUMENT, "result is NULL");
    *result = NULL;
    if (!content) return nmf_fail(error, NMF_ERROR_ARGUMENT, "content is NULL");
    nmf_status status = check_content(content, error);
    if (status != NMF_OK) return status;
    nmf_rank_result *made = nmfi_allocate(sizeof *made);
    if (!made) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a rank result");
    made->content = *content;
    made->content.struct_bytes = sizeof made->content;
    made->content.rows = NULL;
    made->content.row_count = 0;
    for (int64_t i = 0; i < content->row_count && status == NMF_OK; i++)
        status = nmfi_rank_add(made, &content->rows[i], error);
    if (status == NMF_OK) status = nmfi_rank_judge(made, error);
    if (status == NMF_OK)
        *result = made;
    else
        nmf_rank_free(made);
    return status;
}
