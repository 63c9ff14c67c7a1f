/* What the parts of a report's JSON are written with: one object, each part a file json_NAME.c. What
 * is large is packed (pack.h); everything that the page prints as a number stands here as one. */
#ifndef NMFI_RENDER_REPORT_WRITING_H
#define NMFI_RENDER_REPORT_WRITING_H

#include "buffer.h"
#include "figures.h"
#include "reduction.h"

#define NMFI_MOST_ORIGINALS 256

typedef struct nmfi_writing {
    const nmf_model *model;
    const nmfi_figures *f;
    nmfi_reduction reduction;
    nmfi_buffer *out;
    double *row, *weights; /* n entries each */
    double *parts;         /* as many as a reduced row has */
    int64_t *originals;    /* places among the shown samples whose rows of X are in the page */
    int64_t original_count;
    nmf_error *error;
} nmfi_writing;

/* A key, with a comma before it where one is due, and what may stand behind it. name NULL, of an
 * object: an entry of a list. */
void nmfi_put_key(nmfi_writing *w, const char *name);
void nmfi_put_text(nmfi_writing *w, const char *name, const char *text);
void nmfi_put_number(nmfi_writing *w, const char *name, double value);
void nmfi_put_whole(nmfi_writing *w, const char *name, int64_t value);
void nmfi_put_flag(nmfi_writing *w, const char *name, int value);
void nmfi_put_numbers(nmfi_writing *w, const char *name, const double *values, int64_t count);
void nmfi_put_wholes(nmfi_writing *w, const char *name, const int64_t *values, int64_t count);
void nmfi_open_object(nmfi_writing *w, const char *name);
void nmfi_close_object(nmfi_writing *w);
void nmfi_open_list(nmfi_writing *w, const char *name);
void nmfi_close_list(nmfi_writing *w);
/* The comma between two entries of a list. */
void nmfi_next_entry(nmfi_writing *w);

/* The parts. Errors: MEMORY, FORMAT (rank_json), those of reading X. */
void nmfi_json_kind(nmfi_writing *w);       /* json_components.c: what is drawn, the features, */
void nmfi_json_features(nmfi_writing *w);   /* the components */
void nmfi_json_components(nmfi_writing *w); /* and their rows of H */
nmf_status nmfi_json_H(nmfi_writing *w);
void nmfi_json_cautions(nmfi_writing *w);        /* json_cautions.c */
nmf_status nmfi_json_originals(nmfi_writing *w); /* json_originals.c: of X, and PCA beside NMF */
void nmfi_json_labels(nmfi_writing *w);          /* json_samples.c */
nmf_status nmfi_json_samples(nmfi_writing *w);
void nmfi_json_trace(nmfi_writing *w);  /* json_history.c: the trace, the starts, */
void nmfi_json_starts(nmfi_writing *w); /* the numbers of components that were tried */
nmf_status nmfi_json_rank(nmfi_writing *w);
void nmfi_json_origin(nmfi_writing *w); /* json_origin.c */

#endif
