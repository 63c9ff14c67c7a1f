/* The components, and what they are drawn as. */
#include <nmfkit/nmfkit.h>

#include "pack.h"
#include "report_writing.h"

/* A word in each language. */
static void add_words(nmfi_writing *w, const char *name, const char *const *words)
{
    nmfi_open_list(w, name);
    for (int i = 0; i < NMFI_LANGUAGE_COUNT; i++) {
        nmfi_next_entry(w);
        nmfi_buffer_string(w->out, words[i]);
    }
    nmfi_close_list(w);
}

void nmfi_json_kind(nmfi_writing *w)
{
    static const char *const marks[] = {NMFI_MARK_NAMES};
    const nmfi_kind *kind = w->f->kind;
    const nmfi_reduction *r = &w->reduction;
    nmfi_open_object(w, "kind");
    nmfi_put_text(w, "name", kind->name);
    add_words(w, "parts", kind->parts);
    add_words(w, "features", kind->features);
    nmfi_put_text(w, "mark", marks[kind->mark]);
    if (kind->relevance >= 0.0) {
        nmfi_put_number(w, "relevance", kind->relevance);
    }
    if (kind->mark == NMFI_MARK_PICTURE) {
        nmfi_put_whole(w, "height", r->height);
        nmfi_put_whole(w, "width", r->width);
    }
    nmfi_put_whole(w, "step", r->step);
    if (kind->groups != NULL) {
        nmfi_open_list(w, "groups");
        for (const nmfi_kind_group *group = kind->groups; group->count > 0; group++) {
            nmfi_next_entry(w);
            nmfi_open_object(w, NULL);
            nmfi_put_text(w, "name", group->name);
            nmfi_put_text(w, "colour", group->colour);
            nmfi_put_whole(w, "count", group->count);
            nmfi_close_object(w);
        }
        nmfi_close_list(w);
    }
    nmfi_close_object(w);
}

void nmfi_json_features(nmfi_writing *w)
{
    const nmfi_reduction *r = &w->reduction;
    nmfi_open_object(w, "features");
    nmfi_put_whole(w, "total", w->f->n);
    nmfi_put_whole(w, "shown", r->to);
    if (nmfi_feature_name(w->f, 0) != NULL && w->f->kind->mark != NMFI_MARK_PICTURE) {
        nmfi_open_list(w, "names");
        for (int64_t i = 0; i < r->to; i++) {
            const int64_t feature = r->kept != NULL ? r->kept[i] : i * r->step;
            nmfi_next_entry(w);
            nmfi_buffer_string(w->out, nmfi_feature_name(w->f, feature));
        }
        nmfi_close_list(w);
    } else if (r->kept != NULL) {
        nmfi_put_wholes(w, "numbers", r->kept, r->to);
    }
    nmfi_close_object(w);
}

static void add_best(nmfi_writing *w, int64_t component)
{
    const nmfi_figures *f = w->f;
    nmfi_open_list(w, "best"); /* places among the shown samples */
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
    nmfi_close_list(w);
}

void nmfi_json_components(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    const double *const stability = nmf_model_view(w->model)->stability;
    nmfi_open_list(w, "components");
    for (int64_t c = 0; c < f->k; c++) {
        double sum = 0.0;
        for (int64_t j = 0; j < f->n; j++) {
            sum += f->H[c * f->n + j];
        }
        nmfi_next_entry(w);
        nmfi_open_object(w, NULL);
        nmfi_put_number(w, "share", f->shares[c]);
        nmfi_put_number(w, "mean_share", f->mean_share[c]);
        nmfi_put_whole(w, "members", f->members[c]);
        nmfi_put_number(w, "size", f->sizes[c]);
        nmfi_put_number(w, "sum", sum);
        if (stability != NULL) {
            nmfi_put_number(w, "stability", stability[c]);
        }
        add_best(w, c);
        nmfi_close_object(w);
    }
    nmfi_close_list(w);
    nmfi_put_numbers(w, "cosines", f->cosines, f->k * f->k);
}

static nmf_status copy_component(const void *context, int64_t row, double *out, nmf_error *error)
{
    const nmfi_writing *w = context;
    (void)error;
    nmfi_reduction_apply(&w->reduction, w->f->H + row * w->f->n, out);
    return NMF_OK;
}

nmf_status nmfi_json_H(nmfi_writing *w)
{
    const nmfi_packed_rows rows = {w->f->k, w->reduction.to, copy_component, w};
    nmfi_put_key(w, "H");
    return nmfi_pack_rows(&rows, w->out, w->error);
}
