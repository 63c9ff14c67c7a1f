/* How a fit got where it is: its trace, its starts, and the numbers of components that were tried. */
#include <cjson/cJSON.h>
#include <math.h>
#include <nmfkit/nmfkit.h>

#include "report_writing.h"

#define MOST_TRACE_LINES 600
#define MOST_STARTS 1000

/* Every line of a short trace; of a long one evenly many, the first and the last among them. */
void nmfi_json_trace(nmfi_writing *w)
{
    const nmf_model_content *content = w->f->content;
    const int64_t count = content->trace_count;
    const int64_t lines = count < MOST_TRACE_LINES ? count : MOST_TRACE_LINES;
    static const char *const names[] = {"iteration", "passes", "seconds", "loss", "kkt"};
    nmfi_open_object(w, "trace");
    nmfi_put_whole(w, "lines", count);
    for (int column = 0; column < 5; column++) {
        nmfi_put_key(w, names[column]);
        nmfi_buffer_text(w->out, "[");
        for (int64_t i = 0; i < lines; i++) {
            const int64_t at = lines > 1 ? i * (count - 1) / (lines - 1) : 0;
            const nmf_trace_point *point = &content->trace[at];
            const double values[] = {(double)point->iteration, (double)point->passes,
                                     point->seconds, point->loss, point->kkt};
            nmfi_next_entry(w);
            nmfi_buffer_number(w->out, values[column]);
        }
        nmfi_close_list(w);
    }
    nmfi_close_object(w);
}

/* Of several starts the loss of each when they were compared, and by how much they differ; those that were not come to,
 * since an earlier one was exact or the time was over, have none. */
void nmfi_json_starts(nmfi_writing *w)
{
    const nmf_model_content *content = w->f->content;
    const int64_t count = content->start_count;
    double lowest = INFINITY, highest = 0.0;
    int64_t tried = 0;
    if (count < 2) {
        return;
    }
    for (int64_t s = 0; s < count; s++) {
        tried += !isnan(content->start_losses[s]);
        lowest = fmin(lowest, content->start_losses[s]); /* which leaves NaN out */
        highest = fmax(highest, content->start_losses[s]);
    }
    nmfi_open_object(w, "starts");
    nmfi_put_whole(w, "count", count);
    nmfi_put_whole(w, "tried", tried);
    nmfi_put_whole(w, "won", content->winning_start + 1);
    nmfi_put_number(w, "spread", tried > 1 && lowest > 0.0 ? highest / lowest - 1.0 : (double)NAN);
    nmfi_put_numbers(w, "losses", content->start_losses, count < MOST_STARTS ? count : MOST_STARTS);
    nmfi_close_object(w);
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

nmf_status nmfi_json_rank(nmfi_writing *w)
{
    const char *text = w->f->asked->rank_json;
    if (text == NULL) {
        return NMF_OK;
    }
    cJSON *root = cJSON_Parse(text);
    char *small = cJSON_IsObject(root) ? cJSON_PrintUnformatted(root) : NULL;
    if (small != NULL) {
        nmfi_put_key(w, "rank");
        add_json(w->out, small);
    }
    cJSON_Delete(root);
    cJSON_free(small);
    return small != NULL ? NMF_OK
                         : nmf_fail(w->error, NMF_ERROR_FORMAT,
                                    "the ranks are no JSON object, which 'nmf rank --json' writes");
}
