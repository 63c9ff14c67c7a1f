/* What was learned from rows so far, as a model (online_state.h). */
#include "fit/online_state.h"

#include "fit/result.h"

#include "base/stop.h"
#include "data/matrix.h"
#include "model/model.h"

#include <math.h>
#include <string.h>

static void copy_sums(const nmf_online *o, nmfi_online_sums *to, const nmfi_online_sums *from)
{
    const size_t line = (size_t)(o->columns.ld * o->kernels->element_bytes);
    memcpy(to->H, from->H, (size_t)o->k * line);
    memcpy(to->Q, from->Q, (size_t)o->k * line);
    memcpy(to->S, from->S, (size_t)(o->k * o->k) * sizeof(double));
    to->count = from->count;
}

static nmf_status make_model(const nmf_online *o, nmf_model **model, nmf_error *error)
{
    nmf_model_content c;
    nmf_matrix *W = NULL, *H = NULL;
    nmf_options options = o->options;
    static const char *const inits[] = {NMF_INIT_NAMES};
    options.checkpoints = NULL;
    nmfi_content_begin(&c, o->names, &options, o->kernels);
    c.kind = NMF_MODEL_NMF;
    c.trace = o->trace;
    c.trace_count = o->state.blocks < o->trace_room ? o->state.blocks : o->trace_room;
    c.iterations = o->state.blocks;
    c.passes = 1;
    c.seconds = nmfi_seconds() - o->began_seconds;
    c.loss = o->loss_sum;
    c.error = sqrt(2 * o->loss_sum);
    c.relative_error = o->state.relative_error;
    c.kkt = NAN;
    c.stopped = NMF_STOPPED_MAX_ITER;
    c.threads = nmfi_team_threads(o->team);
    c.unit = o->scale;
    c.winning_seed = (uint64_t)o->options.seed;
    memcpy(c.init, inits[options.init], strlen(inits[options.init]) + 1);
    nmf_status status = nmf_matrix_new(nmfi_dtype_of(o->kernels), 0, o->k, &W, error);
    if (status == NMF_OK) status = nmf_matrix_new(nmfi_dtype_of(o->kernels), o->k, o->n, &H, error);
    if (status == NMF_OK)
        nmfi_pack_H(o->kernels, o->now.H, o->columns.ld, o->k, o->n, nmf_matrix_writable(H));
    if (status == NMF_OK)
        o->kernels->scale(nmf_matrix_writable(H), o->k * o->n, 1 / sqrt(o->scale));
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(H, o->names, error);
    if (status == NMF_OK) return nmfi_model_adopt(&c, W, H, model, error);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    return status;
}

nmf_status nmfi_online_model(nmf_online *o, nmf_model **model, nmf_error *error)
{
    if (o->state.rows == 0) return nmf_fail(error, NMF_ERROR_DATA, "no rows were pushed yet");
    if (o->waiting.count == 0) return make_model(o, model, error);
    /* As if the rows that wait were a block; then as if they had not been one. */
    const nmf_online_state state = o->state;
    const double loss_sum = o->loss_sum, rows_measured = o->rows_measured, scale = o->scale;
    const int had_begun = o->has_begun;
    if (had_begun) copy_sums(o, &o->kept, &o->now);
    nmf_status status = nmfi_online_learn_waiting(o, error);
    if (status == NMF_OK) status = make_model(o, model, error);
    if (had_begun) copy_sums(o, &o->now, &o->kept);
    if (!had_begun && o->kernels) {
        const size_t line = (size_t)(o->columns.ld * o->kernels->element_bytes);
        memset(o->now.Q, 0, (size_t)o->k * line);
        memset(o->now.S, 0, (size_t)(o->k * o->k) * sizeof(double));
        o->now.count = 0;
    }
    o->has_begun = had_begun;
    o->scale = scale;
    o->state = state;
    o->loss_sum = loss_sum;
    o->rows_measured = rows_measured;
    return status;
}
