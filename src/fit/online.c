/* Learning from rows that come one after the other (nmfkit/online.h): what it keeps, and rows that are pushed. */
#include "fit/online_state.h"

#include "base/stop.h"
#include "data/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Room for this many rows: as many as keep what H costs small beside their products. */
int64_t nmfi_online_block_rows(const nmf_online *o)
{
    if (o->how.block_rows > 0) return o->how.block_rows;
    return o->k < 32 ? 256 : 8 * o->k;
}

int64_t nmfi_online_first_rows(const nmf_online *o)
{
    const int64_t block = nmfi_online_block_rows(o);
    if (o->options.init == NMF_INIT_CUSTOM) return block;
    return o->how.first_rows > 0 ? o->how.first_rows : 4 * block;
}

nmf_status nmfi_online_open(int64_t features, const nmf_options *options,
                            const nmf_online_options *how, nmf_online **online, nmf_error *error)
{
    nmf_online *o = calloc(1, sizeof *o);
    if (!o) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *o);
    o->options = *options;
    o->how = *how;
    o->k = options->k;
    o->n = features;
    o->began_seconds = nmfi_seconds();
    o->state = (nmf_online_state){
        .struct_bytes = sizeof o->state, .loss = NAN, .relative_error = NAN, .mean_loss = NAN};
    o->waiting = nmfi_waiting_make(features, nmfi_online_first_rows(o));
    nmf_status status = nmfi_team_start(options->threads, &o->team, error);
    if (status == NMF_OK) status = nmf_matrix_new(NMF_U8, 0, features, &o->names, error);
    if (status == NMF_OK && options->init == NMF_INIT_CUSTOM)
        status = nmfi_online_take_memory(o, nmf_matrix_dtype(options->start_H), error);
    if (status != NMF_OK) {
        nmf_online_free(o);
        return status;
    }
    *online = o;
    return NMF_OK;
}

void nmf_online_free(nmf_online *o)
{
    if (!o) return;
    nmfi_team_stop(o->team);
    nmfi_release(o->arena.base);
    nmfi_waiting_free(&o->waiting);
    nmf_matrix_free(o->names);
    free(o->trace);
    free(o);
}

int64_t nmfi_online_features(const nmf_online *o)
{
    return o->n;
}

nmf_online_state nmf_online_view(const nmf_online *o)
{
    const nmf_online_state nothing = {.struct_bytes = sizeof nothing};
    return o ? o->state : nothing;
}

/* --- rows that come ---------------------------------------------------------------------------- */

nmf_status nmfi_online_learn_waiting(nmf_online *o, nmf_error *error)
{
    nmf_matrix *X = NULL;
    nmfi_online_block b;
    nmf_status status = nmfi_waiting_matrix(&o->waiting, &X, error);
    const int measures = o->has_begun || o->options.init == NMF_INIT_CUSTOM;
    if (status == NMF_OK && !o->has_begun) status = nmfi_online_begin(o, X, error);
    if (status == NMF_OK) status = nmfi_online_open_block(o, X, &b, error);
    if (status == NMF_OK) {
        status = nmfi_online_learn(o, &b, measures, 0, error);
        nmfi_online_close_block(&b);
    }
    nmf_matrix_free(X);
    return status;
}

nmf_status nmfi_online_note_names(nmf_online *o, const nmf_matrix *rows, nmf_error *error)
{
    if (nmf_matrix_has_names(o->names, NMF_FEATURE_NAMES)) return NMF_OK;
    return nmfi_matrix_inherit_columns(o->names, rows, error);
}

nmf_status nmfi_online_push(nmf_online *o, const nmf_matrix *rows, nmf_error *error)
{
    const int64_t count = nmf_matrix_rows(rows);
    nmf_status status = nmfi_matrix_check_entries(rows, 0, error);
    if (status == NMF_OK) status = nmfi_online_note_names(o, rows, error);
    for (int64_t at = 0; at < count && status == NMF_OK;) {
        const int64_t wanted = o->has_begun ? nmfi_online_block_rows(o) : nmfi_online_first_rows(o);
        const int64_t room = wanted - o->waiting.count, left = count - at;
        const int64_t taken = left < room ? left : room;
        status = nmfi_waiting_take(&o->waiting, rows, at, taken, error);
        if (status != NMF_OK) break;
        at += taken;
        o->state.rows += taken;
        if (o->waiting.count < wanted) break;
        status = nmfi_online_learn_waiting(o, error);
        if (status == NMF_OK) o->state.learned += o->waiting.count;
        o->waiting.count = 0;
    }
    return status;
}
