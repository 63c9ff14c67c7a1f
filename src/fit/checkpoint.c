/* Checkpoints of a fit (checkpoint.h): a header that says whose they are, the place, then the pieces. */
#include "fit/checkpoint.h"

#include "fit/constraints.h"
#include "fit/method.h"
#include "fit/shrink.h"

#include "base/digest.h"
#include "base/stop.h"
#include "data/matrix.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 3, ORDER_OF_BYTES = 0x01020304 };
static const char magic[8] = {'N', 'M', 'F', 'K', 'I', 'T', 'C', 'P'};

typedef struct header {
    char magic[8];
    uint32_t byte_order, format;
    char version[32], kernel[16];
    uint64_t bytes;  /* that follow */
    uint64_t digest; /* of the header, this being 0, and what follows */
    int64_t m, n, k;
    uint64_t X, starts;
    char identity[sizeof((nmfi_keeper *)NULL)->identity];
} header;

/* --- who the fit is ---------------------------------------------------------------------------- */

static void add_line(nmfi_keeper *keeper, const char *name, const char *value)
{
    const size_t used = strlen(keeper->identity), room = sizeof keeper->identity - used;
    const int written = snprintf(keeper->identity + used, room, "%s = %s\n", name, value);
    assert(written > 0 && (size_t)written < room);
    (void)written;
}

static void add_count(nmfi_keeper *keeper, const char *name, int64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    add_line(keeper, name, text);
}

/* What results do not hang on. */
static int is_free(const nmf_option_info *option)
{
    static const char *const names[] = {"threads", "block_rows", "memory_limit_bytes",
                                        "time_limit_seconds", "spread"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(option->field, names[i]) == 0) return 1;
    return !(option->scope & NMF_SCOPE_FIT);
}

static void add_option(nmfi_keeper *keeper, const nmf_options *options,
                       const nmf_option_info *option)
{
    char text[64];
    nmf_option_get(options, option, text, sizeof text);
    if (option->kind == NMF_OPTION_KIND_REAL) { /* as people write it, where that is the number */
        double value;
        char brief[64];
        memcpy(&value, (const char *)options + option->offset, sizeof value);
        snprintf(brief, sizeof brief, "%g", value);
        if (strtod(brief, NULL) == value) memcpy(text, brief, sizeof text);
    }
    add_line(keeper, option->flag, text);
}

static const char *storage_of(const nmfi_fit *fit)
{
    const nmfi_source *X = &fit->work.source;
    if (!X->is_sparse) return fit->W.along_rows ? "rows" : "columns";
    if (!fit->W.along_rows) return "sparse columns";
    /* Then products are added up in another order, and round otherwise. */
    const int apart =
        X->in_memory && fit->work.pass.adds_up && nmfi_factor_is_spread(&fit->W.partition);
    return apart ? "sparse rows of several processes" : "sparse rows";
}

static void identify(nmfi_fit *fit)
{
    nmfi_keeper *keeper = &fit->keeper;
    const nmfi_choice *choice = &fit->choice;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (!is_free(&table[i])) add_option(keeper, &choice->options, &table[i]);
    add_line(keeper, "method", fit->on_X.method->name);
    add_line(keeper, "arithmetic", choice->precision == NMF_PRECISION_F64 ? "f64" : "f32");
    add_line(keeper, "X stored as", storage_of(fit));
    add_count(keeper, "rank of the sketch", choice->sketch_rank);
    add_count(keeper, "starts followed", choice->starts);
}

static uint64_t fingerprint(const nmf_matrix *matrix)
{
    return matrix ? nmf_matrix_fingerprint(matrix) : 0;
}

/* One reading of X. */
static void look_at_X(nmfi_fit *fit)
{
    nmfi_keeper *keeper = &fit->keeper;
    const nmf_options *o = &fit->choice.options;
    if (keeper->knows_X) return;
    keeper->knows_X = 1;
    const uint64_t of_X =
        fit->facts.fingerprint; /* known from the reading that validates X on disk */
    keeper->X = nmfi_mix((of_X ? of_X : fingerprint(fit->X)) ^
                         nmfi_mix(fingerprint(fit->X->weights) ^ (uint64_t)fit->X->missing));
    if (o->init == NMF_INIT_CUSTOM)
        keeper->starts = nmfi_mix(fingerprint(o->start_W) ^ nmfi_mix(fingerprint(o->start_H)));
    const nmfi_limits *const limits[] = {&fit->W.limits, &fit->H.limits};
    for (int i = 0; i < 2 && nmfi_is_constrained(fit); i++) {
        const nmf_matrix *const given[] = {limits[i]->known, limits[i]->keep, limits[i]->lower,
                                           limits[i]->upper};
        for (int j = 0; j < 4; j++)
            keeper->starts =
                nmfi_mix(keeper->starts ^ nmfi_mix(fingerprint(given[j]) + (uint64_t)j));
    }
}

static header header_of(const nmfi_fit *fit)
{
    header h;
    memset(&h, 0, sizeof h); /* what lies between its parts is written too */
    memcpy(h.magic, magic, sizeof magic);
    h.byte_order = ORDER_OF_BYTES;
    h.format = FORMAT;
    snprintf(h.version, sizeof h.version, "%s", nmf_version());
    snprintf(h.kernel, sizeof h.kernel, "%s", fit->work.kernels->name);
    h.m = fit->facts.m;
    h.n = fit->facts.n;
    h.k = fit->k;
    h.X = fit->keeper.X;
    h.starts = fit->keeper.starts;
    memcpy(h.identity, fit->keeper.identity, sizeof h.identity);
    return h;
}

/* --- pieces ------------------------------------------------------------------------------------ */

void nmfi_add_piece(nmfi_pieces *pieces, void *data, size_t bytes)
{
    assert(pieces->count < NMFI_MOST_PIECES);
    pieces->side[pieces->count] = NULL;
    pieces->piece[pieces->count++] = (nmf_checkpoint_piece){data, bytes};
}

/* An array of a factor. */
static void add_rows(const nmfi_fit *fit, const nmfi_factor *factor, int64_t element_bytes,
                     void *data, nmfi_pieces *pieces)
{
    const nmfi_partition *side = &factor->partition;
    const int is_spread = nmfi_factor_is_spread(side);
    const size_t own = (size_t)(fit->k * side->ld * element_bytes);
    nmfi_add_piece(pieces, data,
                   is_spread ? nmfi_factor_whole_bytes(side, fit->k, element_bytes) : own);
    pieces->side[pieces->count - 1] = is_spread ? side : NULL;
    pieces->element_bytes[pieces->count - 1] = element_bytes;
}

/* In a sketch, and where it begins, they may be of another type than the fit's. */
static void add_factor(nmfi_fit *fit, nmfi_factor *factor, nmfi_pieces *pieces)
{
    const int in_sketch = fit->place.phase == NMFI_IN_SKETCH;
    const int f32 = fit->choice.precision == NMF_PRECISION_F32 || fit->place.single ||
                    (in_sketch && nmfi_sketch_kernels(fit)->element_bytes == sizeof(float));
    const int64_t element_bytes = f32 ? sizeof(float) : sizeof(double);
    const size_t numbers = (size_t)fit->k * sizeof(double);
    add_rows(fit, factor, element_bytes, factor->incumbent, pieces);
    add_rows(fit, factor, element_bytes, factor->plain, pieces);
    add_rows(fit, factor, element_bytes, factor->ahead, pieces);
    nmfi_add_piece(pieces, factor->gram, (size_t)fit->k * numbers);
    nmfi_add_piece(pieces, factor->pg2, numbers);
    nmfi_add_piece(pieces, factor->ref2, numbers);
    nmfi_add_piece(pieces, factor->value, sizeof factor->value);
}

/* There is a best one among starts that have ended. */
static int has_best(const nmfi_fit *fit)
{
    return fit->choice.starts > 1 && fit->place.start > 0 && fit->place.phase < NMFI_POLISHING;
}

static nmfi_stage stage_of(const nmfi_fit *fit)
{
    return fit->place.phase == NMFI_IN_SKETCH ? fit->in_sketch : fit->on_X;
}

/* All that lies behind the place in a checkpoint of it. */
static void list(nmfi_fit *fit, nmfi_pieces *pieces)
{
    const nmfi_place *place = &fit->place;
    const nmfi_stage stage = stage_of(fit);
    const size_t line = sizeof *fit->work.trace;
    nmfi_add_piece(pieces, fit->work.trace, (size_t)place->progress.trace_count * line);
    add_factor(fit, &fit->W, pieces);
    add_factor(fit, &fit->H, pieces);
    if (fit->choice.starts > 1)
        nmfi_add_piece(pieces, fit->work.start_losses,
                       (size_t)fit->choice.starts * sizeof *fit->work.start_losses);
    if (has_best(fit)) {
        nmfi_add_piece(pieces, fit->work.kept_trace, (size_t)place->best.trace_count * line);
        const int64_t element_bytes =
            fit->choice.precision == NMF_PRECISION_F32 ? sizeof(float) : sizeof(double);
        add_rows(fit, &fit->W, element_bytes, fit->W.kept, pieces);
        add_rows(fit, &fit->H, element_bytes, fit->H.kept, pieces);
    }
    if (stage.method->keep) stage.method->keep(fit, stage.state, pieces);
}

static uint64_t bytes_of(const nmfi_pieces *pieces)
{
    uint64_t bytes = 0;
    for (int64_t i = 0; i < pieces->count; i++) bytes += pieces->piece[i].bytes;
    return bytes;
}

/* --- rows that others have --------------------------------------------------------------------- */

/* Memory for all rows of the arrays of which others have some, where the checkpoint is written or read:
 * `all` of them, or one after the other. NULL where there is nothing to bring together. */
static nmf_status take_whole(const nmfi_fit *fit, const nmfi_pieces *pieces, int all, char **whole,
                             nmf_error *error)
{
    size_t bytes = 0;
    *whole = NULL;
    for (int64_t i = 0; i < pieces->count; i++) {
        const size_t each = pieces->side[i] ? pieces->piece[i].bytes : 0;
        bytes = all ? bytes + each : each > bytes ? each : bytes;
    }
    if (bytes == 0) return NMF_OK;
    if (nmfi_source_speaks(&fit->work.source)) *whole = malloc(bytes);
    const int lacks = nmfi_source_speaks(&fit->work.source) && !*whole;
    return nmfi_source_agree(&fit->work.source,
                             lacks ? nmf_fail(error, NMF_ERROR_MEMORY,
                                              "out of memory: %zu bytes for a checkpoint", bytes)
                                   : NMF_OK,
                             error);
}

/* The pieces as one process alone would have them. */
static void bring_together(const nmfi_fit *fit, nmfi_pieces *pieces, char *whole)
{
    for (int64_t i = 0; i < pieces->count; i++) {
        nmf_checkpoint_piece *piece = &pieces->piece[i];
        if (!pieces->side[i]) continue;
        nmfi_factor_gather(pieces->side[i], fit->k, pieces->element_bytes[i], piece->data, whole);
        piece->data = whole;
        if (whole) whole += piece->bytes;
    }
}

/* --- keeping one ------------------------------------------------------------------------------- */

static nmf_status write_pieces(const nmfi_fit *fit, header *h, const nmfi_pieces *pieces,
                               nmf_error *error)
{
    const nmf_checkpoints *wishes = fit->keeper.wishes;
    uint64_t digest = 0;
    if (!nmfi_source_speaks(&fit->work.source)) return NMF_OK;
    for (int64_t i = 0; i < pieces->count; i++)
        digest = nmfi_digest(digest, pieces->piece[i].data, pieces->piece[i].bytes);
    h->digest = digest;
    return wishes->write(wishes->context, pieces->piece, pieces->count, error);
}

static nmf_status keep(nmfi_fit *fit, nmf_error *error)
{
    nmfi_place *place = &fit->place;
    char *whole;
    nmfi_pieces pieces = {.count = 0};
    look_at_X(fit);
    place->progress = fit->progress;
    place->sketch_rank = fit->choice.sketch_rank;
    place->volume = fit->volume.lambda;
    place->shrink = nmfi_shrink_place(fit);
    place->volume_delta = fit->volume.delta;
    place->passes = fit->work.pass.passes;
    place->transposed_passes = fit->work.transposed.passes;
    place->seconds = nmfi_seconds() - fit->work.began_seconds;
    header h = header_of(fit);
    nmfi_add_piece(&pieces, &h, sizeof h);
    nmfi_add_piece(&pieces, place, sizeof *place);
    list(fit, &pieces);
    h.bytes = bytes_of(&pieces) - sizeof h;
    nmf_status status = take_whole(fit, &pieces, 1, &whole, error);
    if (status != NMF_OK) return status;
    bring_together(fit, &pieces, whole);
    status = write_pieces(fit, &h, &pieces, error);
    free(whole);
    return nmfi_source_agree(&fit->work.source, status, error);
}

/* Whoever it is due for, it is for all. */
static int is_due(nmfi_fit *fit, int stops)
{
    const nmfi_keeper *keeper = &fit->keeper;
    const nmf_checkpoints *wishes = keeper->wishes;
    const int wanted = wishes->wanted && wishes->wanted(wishes->context);
    const int late = nmfi_seconds() - keeper->last_seconds >= wishes->every_seconds;
    return nmfi_pass_decide(&fit->work.pass, stops || wanted || late);
}

nmf_status nmfi_keep_place(nmfi_fit *fit, int stops, nmf_error *error)
{
    nmfi_keeper *keeper = &fit->keeper;
    if (!keeper->writes || keeper->is_closed || !is_due(fit, stops)) return NMF_OK;
    keeper->is_closed = stops;
    const nmf_status status = keep(fit, error);
    keeper->last_seconds = nmfi_seconds();
    return status;
}

/* --- going on from one ------------------------------------------------------------------------- */

static nmf_status damaged(const char *what, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT, "the checkpoint is damaged: %s", what);
}

/* The next bytes, where the checkpoint is read. */
static nmf_status read_bytes(nmfi_fit *fit, void *to, size_t bytes, nmf_error *error)
{
    const nmf_checkpoints *wishes = fit->keeper.wishes;
    nmf_error said = {.status = NMF_OK};
    nmf_status status = NMF_OK;
    if (nmfi_source_speaks(&fit->work.source))
        status = wishes->read(wishes->context, to, bytes, &said);
    if (status != NMF_OK)
        status = nmf_fail(error, status, "%s",
                          said.message[0] ? said.message : "the checkpoint could not be read");
    fit->keeper.left -= bytes;
    return nmfi_source_agree(&fit->work.source, status, error);
}

/* A piece that all have whole. */
static nmf_status take(nmfi_fit *fit, const nmf_checkpoint_piece *piece, nmf_error *error)
{
    void *const to = (void *)(uintptr_t)piece->data;
    const nmf_status status = read_bytes(fit, to, piece->bytes, error);
    if (status != NMF_OK) return status;
    nmfi_source_tell(&fit->work.source, to, piece->bytes);
    fit->keeper.digest = nmfi_digest(fit->keeper.digest, to, piece->bytes);
    return NMF_OK;
}

/* One of which each has some rows; what it adds to the digest is known only where it is read. */
static nmf_status take_rows(nmfi_fit *fit, const nmfi_pieces *pieces, int64_t number, char *whole,
                            nmf_error *error)
{
    const nmf_checkpoint_piece *piece = &pieces->piece[number];
    const nmf_status status = read_bytes(fit, whole, piece->bytes, error);
    if (status != NMF_OK) return status;
    if (whole) fit->keeper.digest = nmfi_digest(fit->keeper.digest, whole, piece->bytes);
    nmfi_factor_scatter(pieces->side[number], fit->k, pieces->element_bytes[number],
                        (void *)(uintptr_t)piece->data, whole);
    return NMF_OK;
}

static nmf_status take_all(nmfi_fit *fit, const nmfi_pieces *pieces, nmf_error *error)
{
    char *whole;
    nmf_status status = take_whole(fit, pieces, 0, &whole, error);
    for (int64_t i = 0; i < pieces->count && status == NMF_OK; i++)
        status = pieces->side[i] ? take_rows(fit, pieces, i, whole, error)
                                 : take(fit, &pieces->piece[i], error);
    free(whole);
    nmfi_source_tell(&fit->work.source, &fit->keeper.digest, sizeof fit->keeper.digest);
    return status;
}

/* Is it a checkpoint that this library wrote and can read? */
static nmf_status check_kind(const header *h, const header *own, nmf_error *error)
{
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return nmf_fail(error, NMF_ERROR_FORMAT, "this is no checkpoint of a fit of nmfkit");
    if (h->byte_order != ORDER_OF_BYTES)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "the checkpoint was made on a machine of the other byte order");
    if (h->format != FORMAT || memcmp(h->version, own->version, sizeof h->version) != 0)
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "the checkpoint was made by nmfkit %.31s (format %u), and this is %s (format "
            "%d), whose fits may end otherwise: go on with that version",
            h->version, (unsigned)h->format, own->version, FORMAT);
    if (memcmp(h->kernel, own->kernel, sizeof h->kernel) != 0)
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "the checkpoint was made with the %.15s kernels, and here %s ones are used, "
            "which round otherwise: NMFKIT_KERNELS=%.15s chooses those, where the "
            "processor has them",
            h->kernel, own->kernel, h->kernel);
    return NMF_OK;
}

static nmf_status check_data(const header *h, const header *own, nmf_error *error)
{
    if (h->m != own->m || h->n != own->n)
        return nmf_fail(error, NMF_ERROR_DATA,
                        "the checkpoint is of other data: %lld samples x %lld features, and X has "
                        "%lld x %lld",
                        (long long)h->m, (long long)h->n, (long long)own->m, (long long)own->n);
    if (h->X != own->X)
        return nmf_fail(error, NMF_ERROR_DATA,
                        "the checkpoint is of other data: entries, weights or type of X are not "
                        "what they were");
    return NMF_OK;
}

/* The first line that is not the same. */
static nmf_status check_options(const header *h, const header *own, nmf_error *error)
{
    const char *theirs = h->identity, *ours = own->identity;
    if (memchr(theirs, '\0', sizeof h->identity) == NULL)
        return damaged("its options do not end", error);
    while (*theirs && *ours) {
        const size_t a = strcspn(theirs, "\n"), b = strcspn(ours, "\n");
        if (a != b || memcmp(theirs, ours, a) != 0)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "the checkpoint is of a fit with %.*s, and this one has %.*s: the same "
                            "data and options go on from it",
                            (int)a, theirs, (int)b, ours);
        theirs += a + (theirs[a] != '\0');
        ours += b + (ours[b] != '\0');
    }
    if (*theirs || *ours) return damaged("its options are not those of a fit", error);
    if (h->starts != own->starts)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "the checkpoint is of a fit with another start_W or start_H");
    return NMF_OK;
}

static int is_count(int64_t value, int64_t most)
{
    return value >= 0 && value <= most;
}

/* What memory is reached by. */
static nmf_status check_place(const nmfi_fit *fit, nmf_error *error)
{
    const nmfi_place *place = &fit->place;
    const int64_t lines = fit->work.trace_capacity;
    const int single = place->single == 0 || place->single == 1;
    const int good =
        single && place->phase > NMFI_BEGINNING && is_count(place->phase, NMFI_POLISHING) &&
        is_count(place->start, fit->choice.starts - 1) &&
        is_count(place->progress.trace_count, lines) && is_count(place->best.trace_count, lines) &&
        (place->phase != NMFI_IN_SKETCH || fit->in_sketch.method);
    return good ? NMF_OK : damaged("it stands nowhere in a fit", error);
}

static nmf_status read_header(nmfi_fit *fit, nmf_error *error)
{
    nmfi_keeper *keeper = &fit->keeper;
    header h;
    memset(&h, 0, sizeof h);
    nmf_checkpoint_piece piece = {&h, sizeof h};
    nmf_status status = take(fit, &piece, error);
    header own = header_of(fit);
    if (status == NMF_OK) status = check_kind(&h, &own, error);
    if (status != NMF_OK) return status;
    if (h.m == own.m && h.n == own.n) look_at_X(fit);
    own = header_of(fit);
    status = check_data(&h, &own, error);
    if (status == NMF_OK) status = check_options(&h, &own, error);
    keeper->left = h.bytes;
    keeper->wanted_digest = h.digest;
    h.digest = 0;
    keeper->digest = nmfi_digest(0, &h, sizeof h);
    return status;
}

nmf_status nmfi_checkpoint_open(nmfi_fit *fit, nmf_error *error)
{
    nmfi_keeper *keeper = &fit->keeper;
    const nmf_checkpoints *wishes = fit->choice.options.checkpoints;
    int wants[] = {wishes->read != NULL, wishes->write != NULL};
    nmfi_source_tell(&fit->work.source, wants, sizeof wants);
    keeper->wishes = wishes;
    keeper->reads = wants[0];
    keeper->writes = wants[1];
    keeper->last_seconds = nmfi_seconds();
    identify(fit);
    if (!keeper->reads) return NMF_OK;
    const nmf_checkpoint_piece place = {&fit->place, sizeof fit->place};
    nmf_status status = read_header(fit, error);
    if (status == NMF_OK) status = take(fit, &place, error);
    if (status == NMF_OK) status = check_place(fit, error);
    keeper->resumes = status == NMF_OK;
    return status;
}

/* What the passes count, and the clock. */
static void set_counts(nmfi_fit *fit)
{
    const nmfi_place *place = &fit->place;
    fit->work.pass.passes = place->passes;
    fit->work.transposed.passes = place->transposed_passes;
}

nmf_status nmfi_checkpoint_load(nmfi_fit *fit, nmf_error *error)
{
    nmfi_keeper *keeper = &fit->keeper;
    nmfi_pieces pieces = {.count = 0};
    nmf_status status = NMF_OK;
    if (fit->place.single && !fit->choice.begins_single)
        return damaged("such a fit does not begin in f32", error);
    list(fit, &pieces);
    if (bytes_of(&pieces) != keeper->left)
        return damaged("it has another size than what is kept of such a fit", error);
    status = take_all(fit, &pieces, error);
    if (status != NMF_OK) return status;
    if (keeper->digest != keeper->wanted_digest)
        return damaged("its bytes are not those that were written", error);
    fit->progress = fit->place.progress;
    fit->volume.lambda = fit->place.volume;
    if (fit->W.shrink > 0) nmfi_shrink_resume(fit, &fit->place.shrink);
    fit->volume.delta = fit->place.volume_delta;
    /* As if nobody had told it to stop: it goes on, unless that was the last iteration anyway. */
    const int ended = fit->place.descent.ended && fit->place.phase != NMFI_IN_SKETCH;
    if (nmfi_told_to_stop(fit))
        fit->progress.stopped = ended ? NMF_STOPPED_MAX_ITER : NMF_STOPPED_CONVERGED;
    set_counts(fit);
    fit->work.earlier_seconds = fit->place.seconds;
    fit->work.began_seconds -= fit->place.seconds;
    return NMF_OK;
}

int nmfi_goes_on_without_sketch(const nmfi_fit *fit)
{
    const nmfi_place *place = &fit->place;
    if (place->phase == NMFI_IN_SKETCH) return 0;
    return place->phase == NMFI_POLISHING || place->start == fit->choice.starts - 1;
}

/* What of a factor `restart` may write to. */
static void copy_sums(const nmfi_fit *fit, nmfi_factor *factor, double *copy, int back)
{
    const size_t bytes = (size_t)(fit->k * fit->k) * sizeof *copy;
    double *const value = copy + fit->k * fit->k;
    memcpy(back ? factor->gram : copy, back ? copy : factor->gram, bytes);
    memcpy(back ? factor->value : value, back ? value : factor->value, sizeof factor->value);
}

nmf_status nmfi_take_up(nmfi_fit *fit, nmfi_stage stage, nmf_error *error)
{
    const int64_t each = fit->k * fit->k + NMFI_SUM_COUNT;
    fit->keeper.resumes = 0;
    if (!stage.method->restart) return NMF_OK;
    double *copies = malloc(nmfi_product(2 * each, sizeof *copies));
    nmf_status status =
        copies ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: sums of the factors");
    status = nmfi_source_agree(&fit->work.source, status, error);
    if (status != NMF_OK) {
        free(copies);
        return status;
    }
    copy_sums(fit, &fit->W, copies, 0);
    copy_sums(fit, &fit->H, copies + each, 0);
    status = stage.method->restart(fit, stage.state, error);
    copy_sums(fit, &fit->W, copies, 1);
    copy_sums(fit, &fit->H, copies + each, 1);
    set_counts(fit);
    free(copies);
    return status;
}
