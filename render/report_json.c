/* See report_json.h. */
#include "report_json.h"

#include <cjson/cJSON.h>
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <stdlib.h>

#include "report_writing.h"

static int add_manifest(nmfi_writing *w)
{
    char *manifest = nmf_io_model_json(w->model);
    cJSON *root = manifest != NULL ? cJSON_Parse(manifest) : NULL;
    char *small = root != NULL ? cJSON_PrintUnformatted(root) : NULL;
    if (small != NULL) {
        nmfi_put_key(w, "model");
        nmfi_buffer_text(w->out, small); /* words and numbers of ours: nothing to escape */
    }
    const int good = small != NULL;
    cJSON_free(small);
    cJSON_Delete(root);
    free(manifest);
    return good;
}

static double explained(const nmf_model_content *content)
{
    return content->loss_kind == NMF_LOSS_FROBENIUS
               ? 1.0 - content->relative_error * content->relative_error
               : 1.0 - content->relative_error;
}

static nmf_status add_everything(nmfi_writing *w)
{
    const nmf_render_report_options *asked = w->f->asked;
    nmfi_open_object(w, NULL);
    nmfi_put_text(w, "nmfkit", nmf_version());
    nmfi_put_text(w, "title", asked->title != NULL ? asked->title : "data");
    nmfi_put_text(w, "language", asked->language != NULL ? asked->language : "en");
    if (!add_manifest(w)) {
        return nmf_fail(w->error, NMF_ERROR_MEMORY, "no memory for the model's manifest");
    }
    nmfi_put_number(w, "explained", explained(w->f->content));
    nmfi_json_kind(w);
    nmfi_json_features(w);
    nmfi_json_cautions(w);
    nmfi_json_components(w);
    nmfi_json_labels(w);
    nmf_status status = nmfi_json_originals(w);
    if (status == NMF_OK) {
        status = nmfi_json_samples(w);
    }
    nmfi_json_trace(w);
    nmfi_json_starts(w);
    if (status == NMF_OK) {
        status = nmfi_json_rank(w);
    }
    nmfi_json_origin(w);
    if (status == NMF_OK) {
        status = nmfi_json_H(w);
    }
    nmfi_close_object(w);
    return status;
}

nmf_status nmfi_report_json(const nmf_model *model, const nmfi_figures *f, nmfi_buffer *buffer,
                            nmf_error *error)
{
    nmfi_writing w = {.model = model, .f = f, .out = buffer, .error = error};
    nmf_status status = nmfi_reduction_make(f, &w.reduction, error);
    if (status == NMF_OK) {
        w.row = calloc((size_t)f->n, sizeof *w.row);
        w.weights = calloc((size_t)f->n, sizeof *w.weights);
        w.parts = calloc((size_t)w.reduction.to, sizeof *w.parts);
        w.originals = calloc(NMFI_MOST_ORIGINALS, sizeof *w.originals);
        const int good =
            w.row != NULL && w.weights != NULL && w.parts != NULL && w.originals != NULL;
        status = good ? add_everything(&w)
                      : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row of %lld features",
                                 (long long)f->n);
    }
    if (status == NMF_OK && buffer->failed) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the report");
    }
    nmfi_reduction_clear(&w.reduction);
    free(w.row);
    free(w.weights);
    free(w.parts);
    free(w.originals);
    return status;
}
