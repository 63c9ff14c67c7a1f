/* See report_json.h. What is large is packed (pack.h); everything that the page prints as a number
 * stands here as one. */
#include "report_json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pack.h"
#include "reduction.h"

#define MOST_TRACE_LINES 600
#define MOST_ORIGINALS 256
#define ORIGINALS_BYTES 420000

typedef struct writing {
    const nmf_model *model;
    const nmfi_figures *f;
    nmfi_reduction reduction;
    nmfi_buffer *out;
    double *row;        /* n entries */
    int64_t *originals; /* places among the shown samples whose rows of X are in the page */
    int64_t original_count;
    nmf_error *error;
} writing;

static void key(writing *w, const char *name)
{
    const char last = w->out->used > 0 ? w->out->text[w->out->used - 1] : '{';
    nmfi_buffer_format(w->out, "%s\"%s\":", last == '{' ? "" : ",", name);
}

static void add_text(writing *w, const char *name, const char *text)
{
    key(w, name);
    nmfi_buffer_string(w->out, text);
}

static void add_number(writing *w, const char *name, double value)
{
    key(w, name);
    nmfi_buffer_number(w->out, value);
}

static void add_whole(writing *w, const char *name, int64_t value)
{
    key(w, name);
    nmfi_buffer_format(w->out, "%lld", (long long)value);
}

static void add_flag(writing *w, const char *name, int value)
{
    key(w, name);
    nmfi_buffer_text(w->out, value ? "true" : "false");
}

static void open_object(writing *w, const char *name)
{
    if (name != NULL) {
        key(w, name);
    }
    nmfi_buffer_text(w->out, "{");
}

static void close_object(writing *w)
{
    nmfi_buffer_text(w->out, "}");
}

static void add_numbers(writing *w, const char *name, const double *values, int64_t count)
{
    key(w, name);
    nmfi_buffer_text(w->out, "[");
    for (int64_t i = 0; i < count; i++) {
        nmfi_buffer_text(w->out, i > 0 ? "," : "");
        nmfi_buffer_number(w->out, values[i]);
    }
    nmfi_buffer_text(w->out, "]");
}

/* --- where it came from ------------------------------------------------------------------------- */

/* A word of a shell's command line: in single quotes where it needs them. */
static void add_shell_word(nmfi_buffer *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:=,+@%";
    if (word[0] != '\0' && word[0] != '-' && strspn(word, plain) == strlen(word)) {
        nmfi_buffer_text(to, word);
        return;
    }
    nmfi_buffer_text(to, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            nmfi_buffer_text(to, "'\\''");
        } else {
            nmfi_buffer_add(to, word, 1);
        }
    }
    nmfi_buffer_text(to, "'");
}

/* The options that differ from the defaults, as the command takes them. */
static void add_flags(const writing *w, nmfi_buffer *to)
{
    static const char *const weightings[] = {NMF_WEIGHTING_NAMES};
    const nmf_options defaults = NMF_OPTIONS_INIT;
    const nmf_model_content *content = w->f->content;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    char value[64], standard[64];
    for (int64_t i = 0; i < count; i++) {
        nmf_option_get(&content->options, &table[i], value, sizeof value);
        nmf_option_get(&defaults, &table[i], standard, sizeof standard);
        if ((table[i].scope & NMF_SCOPE_FIT) != 0 && strcmp(value, standard) != 0 &&
            strcmp(table[i].field, "threads") != 0) { /* which change no result */
            const int is_k = strcmp(table[i].field, "k") == 0;
            nmfi_buffer_format(to, " %s%s", is_k ? "-" : "--", is_k ? "k" : table[i].flag);
            if (table[i].kind != NMF_OPTION_KIND_FLAG) {
                nmfi_buffer_format(to, " %s", value);
            }
        }
    }
    if ((size_t)content->weighting < sizeof weightings / sizeof weightings[0] &&
        content->weighting != NMF_WEIGHTING_NONE &&
        content->options.weighting == NMF_WEIGHTING_NONE) { /* the caller's doing, not the fit's */
        nmfi_buffer_format(to, " --weighting %s", weightings[content->weighting]);
    }
}

static void add_origin(writing *w)
{
    nmfi_buffer command = {NULL, 0, 0, 0};
    const nmf_render_report_options *asked = w->f->asked;
    open_object(w, "origin");
    if (asked->command == NULL) {
        nmfi_buffer_text(&command, "nmf fit ");
        add_shell_word(&command, asked->title != NULL ? asked->title : "data");
        add_flags(w, &command);
    }
    add_flag(w, "command_is_made", asked->command == NULL);
    add_text(w, "command", asked->command != NULL ? asked->command : command.text);
    free(command.text);
    if (asked->created_seconds > 0) {
        const time_t when = (time_t)asked->created_seconds;
        struct tm utc;
        char date[40] = "";
        if (gmtime_r(&when, &utc) != NULL) {
            strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
            add_text(w, "created", date);
        }
    }
    close_object(w);
}

/* --- what it is --------------------------------------------------------------------------------- */

static int add_manifest(writing *w)
{
    char *manifest = nmf_io_model_json(w->model);
    cJSON *root = manifest != NULL ? cJSON_Parse(manifest) : NULL;
    char *small = root != NULL ? cJSON_PrintUnformatted(root) : NULL;
    if (small != NULL) {
        key(w, "model");
        nmfi_buffer_text(w->out, small); /* words and numbers of ours: nothing to escape */
    }
    cJSON_free(small);
    cJSON_Delete(root);
    free(manifest);
    return small != NULL;
}

static void add_kind(writing *w)
{
    static const char *const marks[] = {NMFI_MARK_NAMES};
    const nmfi_kind *kind = w->f->kind;
    const nmfi_reduction *r = &w->reduction;
    open_object(w, "kind");
    add_text(w, "name", kind->name);
    add_text(w, "mark", marks[kind->mark]);
    if (kind->relevance >= 0.0) {
        add_number(w, "relevance", kind->relevance);
    }
    if (kind->mark == NMFI_MARK_PICTURE) {
        add_whole(w, "height", r->height);
        add_whole(w, "width", r->width);
    }
    add_whole(w, "step", r->step);
    if (kind->groups != NULL) {
        key(w, "groups");
        nmfi_buffer_text(w->out, "[");
        for (const nmfi_kind_group *group = kind->groups; group->count > 0; group++) {
            nmfi_buffer_text(w->out, group == kind->groups ? "" : ",");
            open_object(w, NULL);
            add_text(w, "name", group->name);
            add_text(w, "colour", group->colour);
            add_whole(w, "count", group->count);
            close_object(w);
        }
        nmfi_buffer_text(w->out, "]");
    }
    close_object(w);
}

static void add_features(writing *w)
{
    const nmfi_reduction *r = &w->reduction;
    open_object(w, "features");
    add_whole(w, "total", w->f->n);
    add_whole(w, "shown", r->to);
    if (nmfi_feature_name(w->f, 0) != NULL && w->f->kind->mark != NMFI_MARK_PICTURE) {
        key(w, "names");
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < r->to; i++) {
            const int64_t feature = r->kept != NULL ? r->kept[i] : i * r->step;
            nmfi_buffer_text(w->out, i > 0 ? "," : "");
            nmfi_buffer_string(w->out, nmfi_feature_name(w->f, feature));
        }
        nmfi_buffer_text(w->out, "]");
    } else if (r->kept != NULL) {
        key(w, "numbers");
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < r->to; i++) {
            nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "", (long long)r->kept[i]);
        }
        nmfi_buffer_text(w->out, "]");
    }
    close_object(w);
}

/* --- cautions ----------------------------------------------------------------------------------- */

static void begin_caution(writing *w, const char *code)
{
    const char last = w->out->used > 0 ? w->out->text[w->out->used - 1] : '[';
    nmfi_buffer_text(w->out, last == '[' ? "" : ",");
    open_object(w, NULL);
    add_text(w, "code", code);
}

static void add_counted(writing *w, const char *code, int64_t count)
{
    begin_caution(w, code);
    add_whole(w, "count", count);
    close_object(w);
}

#define FEW_SAMPLES 10    /* samples for each component */
#define ALIKE 0.95        /* cosine of two components */
#define TINY_SHARE 0.005  /* of all that the model explains */
#define OVERDISPERSED 1.5 /* deviance by degree of freedom; 1 for Poisson counts */

static void add_alike(writing *w)
{
    const nmfi_figures *f = w->f;
    for (int64_t c = 0; c < f->k; c++) {
        for (int64_t d = c + 1; d < f->k; d++) {
            if (f->cosines[c * f->k + d] >= ALIKE) {
                begin_caution(w, "alike");
                add_whole(w, "first", c);
                add_whole(w, "second", d);
                add_number(w, "cosine", f->cosines[c * f->k + d]);
                close_object(w);
                return; /* one pair is enough to look */
            }
        }
    }
}

static void add_cautions(writing *w)
{
    const nmfi_figures *f = w->f;
    const nmf_model_content *content = f->content;
    int64_t tiny = 0;
    for (int64_t c = 0; c < f->k; c++) {
        tiny += f->shares[c] < TINY_SHARE && f->shares[c] < 0.1 / (double)f->k;
    }
    key(w, "cautions");
    nmfi_buffer_text(w->out, "[");
    if (f->has_X && !f->is_same_X) {
        begin_caution(w, "other_data");
        close_object(w);
    }
    if (content->stopped == NMF_STOPPED_MAX_ITER || content->stopped == NMF_STOPPED_TIME_LIMIT ||
        content->stopped == NMF_STOPPED_INTERRUPTED) {
        begin_caution(w, "unfinished");
        close_object(w);
    }
    if (f->m < FEW_SAMPLES * f->k) {
        add_counted(w, "few_samples", f->m);
    }
    if (f->deviance > OVERDISPERSED) {
        begin_caution(w, "overdispersed");
        add_number(w, "deviance", f->deviance);
        close_object(w);
    }
    add_alike(w);
    if (tiny > 0) {
        add_counted(w, "tiny", tiny);
    }
    if (f->empty_rows > 0) {
        add_counted(w, "empty_rows", f->empty_rows);
    } else if (f->without > 0) {
        add_counted(w, "without", f->without);
    }
    if (strcmp(content->init, "random") == 0 && content->options.starts == 1) {
        begin_caution(w, "one_start");
        close_object(w);
    }
    nmfi_buffer_text(w->out, "]");
}

/* --- components --------------------------------------------------------------------------------- */

static void add_best(writing *w, int64_t component)
{
    const nmfi_figures *f = w->f;
    key(w, "best"); /* places among the shown samples */
    nmfi_buffer_text(w->out, "[");
    for (int64_t b = 0; b < NMFI_BEST_SAMPLES; b++) {
        const int64_t sample = f->best[component * NMFI_BEST_SAMPLES + b];
        int64_t place = 0;
        while (sample >= 0 && f->index[place] != sample) {
            place++;
        }
        if (sample >= 0) {
            nmfi_buffer_format(w->out, "%s%lld", b > 0 ? "," : "", (long long)place);
        }
    }
    nmfi_buffer_text(w->out, "]");
}

static void add_components(writing *w)
{
    const nmfi_figures *f = w->f;
    const double *const stability = nmf_model_view(w->model)->stability;
    key(w, "components");
    nmfi_buffer_text(w->out, "[");
    for (int64_t c = 0; c < f->k; c++) {
        double sum = 0.0;
        for (int64_t j = 0; j < f->n; j++) {
            sum += f->H[c * f->n + j];
        }
        nmfi_buffer_text(w->out, c > 0 ? "," : "");
        open_object(w, NULL);
        add_number(w, "share", f->shares[c]);
        add_number(w, "mean_share", f->mean_share[c]);
        add_whole(w, "members", f->members[c]);
        add_number(w, "size", f->sizes[c]);
        add_number(w, "sum", sum);
        if (stability != NULL) {
            add_number(w, "stability", stability[c]);
        }
        add_best(w, c);
        close_object(w);
    }
    nmfi_buffer_text(w->out, "]");
    add_numbers(w, "cosines", f->cosines, f->k * f->k);
}

static nmf_status copy_component(const void *context, int64_t row, double *out, nmf_error *error)
{
    const writing *w = context;
    (void)error;
    nmfi_reduction_apply(&w->reduction, w->f->H + row * w->f->n, out);
    return NMF_OK;
}

/* --- samples ------------------------------------------------------------------------------------ */

static nmf_status copy_weights(const void *context, int64_t row, double *out, nmf_error *error)
{
    const writing *w = context;
    (void)error;
    memcpy(out, w->f->W + row * w->f->k, (size_t)w->f->k * sizeof *out);
    return NMF_OK;
}

static nmf_status copy_original(const void *context, int64_t row, double *out, nmf_error *error)
{
    const writing *w = context;
    const int64_t sample = w->f->index[w->originals[row]];
    const nmf_status status = nmf_matrix_copy_rows(w->f->X, sample, 1, NMF_F64, w->row, error);
    if (status == NMF_OK) {
        nmfi_reduction_apply(&w->reduction, w->row, out);
    }
    return status;
}

static int take_original(writing *w, int64_t place, int64_t *bytes)
{
    const nmfi_figures *f = w->f;
    for (int64_t i = 0; i < w->original_count; i++) {
        if (w->originals[i] == place) {
            return 1;
        }
    }
    if (w->original_count == MOST_ORIGINALS ||
        nmf_matrix_copy_rows(f->X, f->index[place], 1, NMF_F64, w->row, NULL) != NMF_OK) {
        return 0;
    }
    int64_t filled = 0; /* before the reduction, of which this is a bound for terms */
    for (int64_t j = 0; j < f->n; j++) {
        filled += w->row[j] > 0.0;
    }
    const int64_t value = nmf_matrix_dtype(f->X) == NMF_U8 ? 1 : 2;
    const int64_t sparse = filled * (value + 2), dense = w->reduction.to * value;
    *bytes += sparse < dense ? sparse : dense;
    if (*bytes > ORIGINALS_BYTES && w->original_count > 0) {
        return 0;
    }
    w->originals[w->original_count++] = place;
    return 1;
}

static int64_t place_of(const nmfi_figures *f, int64_t sample)
{
    int64_t place = 0;
    while (f->index[place] != sample) {
        place++;
    }
    return place;
}

/* The best sample of each component, then the next best ones, then samples evenly spread. */
static void choose_originals(writing *w)
{
    const nmfi_figures *f = w->f;
    int64_t bytes = 0;
    int goes_on = 1;
    for (int64_t b = 0; b < 3 && goes_on; b++) {
        for (int64_t c = 0; c < f->k && goes_on; c++) {
            const int64_t sample = f->best[c * NMFI_BEST_SAMPLES + b];
            goes_on = sample < 0 || take_original(w, place_of(f, sample), &bytes);
        }
    }
    const int64_t step = f->drawn / 64 > 0 ? f->drawn / 64 : 1;
    for (int64_t first = 0; first < step && goes_on; first++) {
        for (int64_t i = first; i < f->drawn && goes_on; i += step) {
            goes_on = take_original(w, i, &bytes);
        }
    }
}

static void add_sample_names(writing *w)
{
    const nmfi_figures *f = w->f;
    if (nmfi_sample_name(f, 0) != NULL) {
        key(w, "names");
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < f->shown; i++) {
            nmfi_buffer_text(w->out, i > 0 ? "," : "");
            nmfi_buffer_string(w->out, nmfi_sample_name(f, f->index[i]));
        }
        nmfi_buffer_text(w->out, "]");
    }
    if (f->labels.count > 0) {
        key(w, "labels");
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < f->shown; i++) {
            nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "",
                               (long long)f->labels.of_sample[f->index[i]]);
        }
        nmfi_buffer_text(w->out, "]");
    }
}

static nmf_status add_samples(writing *w)
{
    const nmfi_figures *f = w->f;
    const nmfi_packed_rows weights = {f->shown, f->k, copy_weights, w};
    open_object(w, "samples");
    add_whole(w, "total", f->m);
    add_whole(w, "drawn", f->drawn);
    add_whole(w, "without", f->without);
    key(w, "index");
    nmfi_buffer_text(w->out, "[");
    for (int64_t i = 0; i < f->shown; i++) {
        nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "", (long long)f->index[i]);
    }
    nmfi_buffer_text(w->out, "]");
    add_sample_names(w);
    if (f->has_X) {
        add_numbers(w, "error", f->sample_error, f->shown);
        add_numbers(w, "cosine", f->sample_cosine, f->shown);
    }
    key(w, "W");
    const nmf_status status = nmfi_pack_rows(&weights, w->out, w->error);
    close_object(w);
    return status;
}

static nmf_status add_originals(writing *w)
{
    const nmfi_figures *f = w->f;
    if (!f->has_X) {
        return NMF_OK;
    }
    choose_originals(w);
    const nmfi_packed_rows rows = {w->original_count, w->reduction.to, copy_original, w};
    open_object(w, "data");
    add_flag(w, "same", f->is_same_X);
    add_flag(w, "sparse", nmf_matrix_is_sparse(f->X));
    add_text(w, "type", nmf_dtype_name(nmf_matrix_dtype(f->X)));
    add_whole(w, "stored", nmf_matrix_stored(f->X));
    if (isfinite(f->deviance)) {
        add_number(w, "deviance", f->deviance);
    }
    key(w, "of");
    nmfi_buffer_text(w->out, "[");
    for (int64_t i = 0; i < w->original_count; i++) {
        nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "", (long long)w->originals[i]);
    }
    nmfi_buffer_text(w->out, "]");
    key(w, "X");
    const nmf_status status = nmfi_pack_rows(&rows, w->out, w->error);
    close_object(w);
    if (f->has_pca) {
        open_object(w, "pca");
        add_number(w, "explained_variance", f->pca_explained);
        add_number(w, "relative_error", f->pca_error);
        close_object(w);
    }
    return status;
}

static void add_labels(writing *w)
{
    const nmfi_labels *labels = &w->f->labels;
    if (labels->count == 0) {
        return;
    }
    open_object(w, "labels");
    add_number(w, "nmi", labels->nmi);
    add_number(w, "ari", labels->ari);
    key(w, "names");
    nmfi_buffer_text(w->out, "[");
    for (int64_t l = 0; l < labels->count; l++) {
        nmfi_buffer_text(w->out, l > 0 ? "," : "");
        nmfi_buffer_string(w->out, labels->names[l]);
    }
    nmfi_buffer_text(w->out, "]");
    key(w, "sizes");
    nmfi_buffer_text(w->out, "[");
    for (int64_t l = 0; l < labels->count; l++) {
        nmfi_buffer_format(w->out, "%s%lld", l > 0 ? "," : "", (long long)labels->sizes[l]);
    }
    nmfi_buffer_text(w->out, "]");
    add_numbers(w, "mean_shares", labels->mean_shares, labels->count * w->f->k);
    close_object(w);
}

/* --- how it got there --------------------------------------------------------------------------- */

/* Every line of a short trace; of a long one evenly many, the first and the last among them. */
static void add_trace(writing *w)
{
    const nmf_model_content *content = w->f->content;
    const int64_t count = content->trace_count;
    const int64_t lines = count < MOST_TRACE_LINES ? count : MOST_TRACE_LINES;
    static const char *const names[] = {"iteration", "passes", "seconds", "loss", "kkt"};
    open_object(w, "trace");
    add_whole(w, "lines", count);
    for (int column = 0; column < 5; column++) {
        key(w, names[column]);
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < lines; i++) {
            const int64_t at = lines > 1 ? i * (count - 1) / (lines - 1) : 0;
            const nmf_trace_point *point = &content->trace[at];
            const double values[] = {(double)point->iteration, (double)point->passes,
                                     point->seconds, point->loss, point->kkt};
            nmfi_buffer_text(w->out, i > 0 ? "," : "");
            nmfi_buffer_number(w->out, values[column]);
        }
        nmfi_buffer_text(w->out, "]");
    }
    close_object(w);
}

/* A stranger's JSON, parsed and written anew, so that it is an object and ends no element. */
static void add_json(nmfi_buffer *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '<' || *at == '>' || *at == '&') { /* in strings only */
            nmfi_buffer_format(out, "\\u%04x", (unsigned)*at);
        } else {
            nmfi_buffer_add(out, at, 1);
        }
    }
}

static nmf_status add_rank(writing *w)
{
    const char *text = w->f->asked->rank_json;
    if (text == NULL) {
        return NMF_OK;
    }
    cJSON *root = cJSON_Parse(text);
    char *small = cJSON_IsObject(root) ? cJSON_PrintUnformatted(root) : NULL;
    if (small != NULL) {
        key(w, "rank");
        add_json(w->out, small);
    }
    cJSON_Delete(root);
    cJSON_free(small);
    return small != NULL ? NMF_OK
                         : nmf_fail(w->error, NMF_ERROR_FORMAT,
                                    "the ranks are no JSON object, which 'nmf rank --json' writes");
}

/* --- all ---------------------------------------------------------------------------------------- */

static double explained(const nmf_model_content *content)
{
    return content->loss_kind == NMF_LOSS_FROBENIUS
               ? 1.0 - content->relative_error * content->relative_error
               : 1.0 - content->relative_error;
}

static nmf_status add_everything(writing *w)
{
    const nmfi_packed_rows components = {w->f->k, w->reduction.to, copy_component, w};
    const nmf_render_report_options *asked = w->f->asked;
    open_object(w, NULL);
    add_text(w, "nmfkit", nmf_version());
    add_text(w, "title", asked->title != NULL ? asked->title : "data");
    add_text(w, "language", asked->language != NULL ? asked->language : "en");
    if (!add_manifest(w)) {
        return nmf_fail(w->error, NMF_ERROR_MEMORY, "no memory for the model's manifest");
    }
    add_number(w, "explained", explained(w->f->content));
    add_kind(w);
    add_features(w);
    add_cautions(w);
    add_components(w);
    add_labels(w);
    nmf_status status = add_originals(w);
    if (status == NMF_OK) {
        status = add_samples(w);
    }
    add_trace(w);
    if (status == NMF_OK) {
        status = add_rank(w);
    }
    add_origin(w);
    key(w, "H");
    if (status == NMF_OK) {
        status = nmfi_pack_rows(&components, w->out, w->error);
    }
    close_object(w);
    return status;
}

nmf_status nmfi_report_json(const nmf_model *model, const nmfi_figures *f, nmfi_buffer *buffer,
                            nmf_error *error)
{
    writing w = {.model = model, .f = f, .out = buffer, .error = error};
    nmf_status status = nmfi_reduction_make(f, &w.reduction, error);
    if (status == NMF_OK) {
        w.row = calloc((size_t)f->n, sizeof *w.row);
        w.originals = calloc(MOST_ORIGINALS, sizeof *w.originals);
        status = w.row != NULL && w.originals != NULL
                     ? add_everything(&w)
                     : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row of %lld features",
                                (long long)f->n);
    }
    if (status == NMF_OK && buffer->failed) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the report");
    }
    nmfi_reduction_clear(&w.reduction);
    free(w.row);
    free(w.originals);
    return status;
}
