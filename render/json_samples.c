/* The samples that are shown: which they are, their weights, how well each is described, their labels. */
#include <nmfkit/nmfkit.h>
#include <string.h>

#include "pack.h"
#include "report_writing.h"

static nmf_status copy_weights(const void *context, int64_t row, double *out, nmf_error *error)
{
    const nmfi_writing *w = context;
    (void)error;
    memcpy(out, w->f->W + row * w->f->k, (size_t)w->f->k * sizeof *out);
    return NMF_OK;
}

static void add_sample_names(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    if (nmfi_sample_name(f, 0) != NULL) {
        nmfi_open_list(w, "names");
        for (int64_t i = 0; i < f->shown; i++) {
            nmfi_next_entry(w);
            nmfi_buffer_string(w->out, nmfi_sample_name(f, f->index[i]));
        }
        nmfi_close_list(w);
    }
    if (f->labels.count > 0) {
        nmfi_open_list(w, "labels");
        for (int64_t i = 0; i < f->shown; i++) {
            nmfi_buffer_format(w->out, "%s%lld", i > 0 ? "," : "",
                               (long long)f->labels.of_sample[f->index[i]]);
        }
        nmfi_close_list(w);
    }
}

nmf_status nmfi_json_samples(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    const nmfi_packed_rows weights = {f->shown, f->k, copy_weights, w};
    nmfi_open_object(w, "samples");
    nmfi_put_whole(w, "total", f->m);
    nmfi_put_whole(w, "drawn", f->drawn);
    nmfi_put_whole(w, "without", f->without);
    nmfi_put_wholes(w, "index", f->index, f->shown);
    add_sample_names(w);
    if (f->has_X) {
        nmfi_put_numbers(w, "error", f->sample_error, f->shown);
        nmfi_put_numbers(w, "cosine", f->sample_cosine, f->shown);
    }
    nmfi_put_key(w, "W");
    const nmf_status status = nmfi_pack_rows(&weights, w->out, w->error);
    nmfi_close_object(w);
    return status;
}

void nmfi_json_labels(nmfi_writing *w)
{
    const nmfi_labels *labels = &w->f->labels;
    if (labels->count == 0) {
        return;
    }
    nmfi_open_object(w, "labels");
    nmfi_put_number(w, "nmi", labels->nmi);
    nmfi_put_number(w, "ari", labels->ari);
    nmfi_open_list(w, "names");
    for (int64_t l = 0; l < labels->count; l++) {
        nmfi_next_entry(w);
        nmfi_buffer_string(w->out, labels->names[l]);
    }
    nmfi_close_list(w);
    nmfi_put_wholes(w, "sizes", labels->sizes, labels->count);
    nmfi_put_numbers(w, "mean_shares", labels->mean_shares, labels->count * w->f->k);
    nmfi_close_object(w);
}
