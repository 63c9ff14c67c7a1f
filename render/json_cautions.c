/* What to be careful about, each with the number that says so. */
#include <math.h>
#include <nmfkit/nmfkit.h>
#include <string.h>

#include "report_writing.h"

#define FEW_SAMPLES 10    /* samples for each component */
#define ALIKE 0.95        /* cosine of two components */
#define TINY_SHARE 0.005  /* of all that the model explains */
#define OVERDISPERSED 1.5 /* deviance by degree of freedom; 1 for Poisson counts */
#define STABLE 0.8        /* below it a component does not come back */

static void begin_caution(nmfi_writing *w, const char *code)
{
    nmfi_next_entry(w);
    nmfi_open_object(w, NULL);
    nmfi_put_text(w, "code", code);
}

static void add_plain(nmfi_writing *w, const char *code)
{
    begin_caution(w, code);
    nmfi_close_object(w);
}

static void add_counted(nmfi_writing *w, const char *code, int64_t count)
{
    begin_caution(w, code);
    nmfi_put_whole(w, "count", count);
    nmfi_close_object(w);
}

static void add_alike(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    for (int64_t c = 0; c < f->k; c++) {
        for (int64_t d = c + 1; d < f->k; d++) {
            if (f->cosines[c * f->k + d] >= ALIKE) {
                begin_caution(w, "alike");
                nmfi_put_whole(w, "first", c);
                nmfi_put_whole(w, "second", d);
                nmfi_put_number(w, "cosine", f->cosines[c * f->k + d]);
                nmfi_close_object(w);
                return; /* one pair is enough to look */
            }
        }
    }
}

/* Of the fit: how it ended, from how many starts; of a consensus: what does not come back. */
static void add_of_the_fit(nmfi_writing *w)
{
    const nmf_model_content *content = w->f->content;
    int64_t unstable = 0;
    for (int64_t c = 0; c < content->k && content->stability != NULL; c++) {
        unstable += content->stability[c] < STABLE;
    }
    if (unstable > 0) {
        add_counted(w, "unstable", unstable);
    }
    if (content->stopped == NMF_STOPPED_MAX_ITER || content->stopped == NMF_STOPPED_TIME_LIMIT ||
        content->stopped == NMF_STOPPED_INTERRUPTED) {
        add_plain(w, "unfinished");
    }
    if (content->shrink > 0.0) {
        add_plain(w, "shrunk");
    }
    if (strcmp(content->init, "random") == 0 && content->options.starts == 1 &&
        content->start_count <= 1 && content->stability == NULL) {
        add_plain(w, "one_start");
    }
}

static void add_of_the_components(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    int64_t tiny = 0;
    for (int64_t c = 0; c < f->k; c++) {
        tiny += f->shares[c] < TINY_SHARE && f->shares[c] < 0.1 / (double)f->k;
    }
    add_alike(w);
    if (tiny > 0) {
        add_counted(w, "tiny", tiny);
    }
}

static void add_of_the_data(nmfi_writing *w)
{
    const nmfi_figures *f = w->f;
    if (f->m < FEW_SAMPLES * f->k) {
        add_counted(w, "few_samples", f->m);
    }
    if (f->deviance > OVERDISPERSED) {
        begin_caution(w, "overdispersed");
        nmfi_put_number(w, "deviance", f->deviance);
        nmfi_close_object(w);
    }
    if (f->unseen_rows > 0) {
        add_counted(w, "unseen_rows", f->unseen_rows);
    }
    if (f->unseen_columns > 0) {
        add_counted(w, "unseen_columns", f->unseen_columns);
    }
    if (f->empty_rows > 0) {
        add_counted(w, "empty_rows", f->empty_rows);
    } else if (f->without > 0) {
        add_counted(w, "without", f->without);
    }
}

void nmfi_json_cautions(nmfi_writing *w)
{
    nmfi_open_list(w, "cautions");
    if (w->f->has_X && !w->f->is_same_X) {
        add_plain(w, "other_data");
    }
    add_of_the_fit(w);
    add_of_the_data(w);
    add_of_the_components(w);
    nmfi_close_list(w);
}
