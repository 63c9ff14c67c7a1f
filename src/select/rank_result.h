/* What is known of ranks, and what follows from it. */
#ifndef NMFI_SELECT_RANK_RESULT_H
#define NMFI_SELECT_RANK_RESULT_H

#include <nmfkit/select.h>

struct nmf_rank_result {
    nmf_rank_content content;
    nmf_rank_row *rows; /* content.row_count, room for row_room; their arrays are their own */
    int64_t row_room;
    char prediction[512], stability[512], advice[512];
};

/* Takes a copy of the row and its arrays, at its place. Errors: MEMORY. */
nmf_status nmfi_rank_add(nmf_rank_result *result, const nmf_rank_row *row, nmf_error *error);
/* Everything that follows from the rows: differences, errors, sets, words. Errors: MEMORY. */
nmf_status nmfi_rank_judge(nmf_rank_result *result, nmf_error *error);
/* rank_words.c: prediction, stability and advice. */
void nmfi_rank_put_in_words(nmf_rank_result *result);

#define NMFI_STABLE 0.8
#define NMFI_OVERDISPERSED 1.5
enum { NMFI_RANK_DRAWS = 500 };

#endif
