/* The answer of nmf_rank in sentences: what predicts, what returns, and what to make of it where the
 * two differ. No number is claimed that the data do not decide. */
#include "select/rank_result.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(char text[512], const char *format, ...) NMF_PRINTF(2, 3);
static void add(char text[512], const char *format, ...)
{
    const size_t used = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + used, 512 - used, format, values);
    va_end(values);
}

typedef int member_of(const nmf_rank_row *row);

static int is_in_set(const nmf_rank_row *row)
{
    return row->in_set;
}

static int returns(const nmf_rank_row *row)
{
    return row->stable;
}

/* "5, 7 to 9". */
static void add_ranks(char text[512], const nmf_rank_content *content, member_of *member)
{
    enum { MOST_RUNS = 12 };
    int64_t runs = 0;
    for (int64_t i = 0; i < content->row_count; i++) {
        if (!member(&content->rows[i])) continue;
        int64_t end = i;
        while (end + 1 < content->row_count && member(&content->rows[end + 1]) &&
               content->rows[end + 1].k == content->rows[end].k + 1)
            end++;
        if (runs++ == MOST_RUNS) {
            add(text, ", ...");
            return;
        }
        const long long low = (long long)content->rows[i].k, high = (long long)content->rows[end].k;
        const char *between = runs > 1 ? ", " : "";
        if (end == i)
            add(text, "%s%lld", between, low);
        else if (end == i + 1)
            add(text, "%s%lld, %lld", between, low, high);
        else
            add(text, "%s%lld to %lld", between, low, high);
        i = end;
    }
}

static void say_prediction(nmf_rank_result *result)
{
    const nmf_rank_content *content = &result->content;
    char *text = result->prediction;
    if (!content->has_structure) {
        add(text, "No structure found: one component predicts what was held out as well as any "
                  "other number");
        if (content->set_highest > 1) {
            add(text, " (not told apart: ");
            add_ranks(text, content, is_in_set);
            add(text, ")");
        }
    } else if (content->open_ended) {
        add(text, "At least %lld: the largest k that was tried, %lld, cannot be told from the best",
            (long long)content->predicts, (long long)content->rows[content->row_count - 1].k);
    } else if (content->set_lowest == content->set_highest) {
        add(text, "Predicts best: k = %lld", (long long)content->best);
    } else {
        add(text, "Predicts best: k = %lld, but the data do not decide between ",
            (long long)content->predicts);
        add_ranks(text, content, is_in_set);
    }
    add(text, ".");
}

static void say_stability(nmf_rank_result *result)
{
    const nmf_rank_content *content = &result->content;
    char *text = result->stability;
    if (content->largest_stable <= 1) {
        add(text, "No k above 1 returns: fits of other parts of the data find other components.");
        return;
    }
    add(text, "Returns from other %.0f %% of the data: k = ", 100 - 100 / (double)content->folds);
    add_ranks(text, content, returns);
    add(text, " (worst silhouette at least %.1f).", NMFI_STABLE);
}

/* The largest k that returns and is not above `most`. */
static int64_t stable_up_to(const nmf_rank_content *content, int64_t most)
{
    int64_t found = 1;
    for (int64_t i = 0; i < content->row_count && content->rows[i].k <= most; i++)
        if (content->rows[i].stable) found = content->rows[i].k;
    return found;
}

static void say_advice(nmf_rank_result *result)
{
    const nmf_rank_content *content = &result->content;
    char *text = result->advice;
    const int64_t predicts = content->predicts, stable = stable_up_to(content, predicts);
    if (content->has_structure && stable < predicts) {
        if (stable > 1)
            add(text,
                "Prediction supports %lld; only %lld return: use %lld to denoise, do not interpret "
                "its parts one by one. ",
                (long long)predicts, (long long)stable, (long long)predicts);
        else
            add(text,
                "Prediction supports %lld, but its components do not return: use them to denoise, "
                "do not interpret them one by one. ",
                (long long)predicts);
    }
    if (content->has_structure && content->open_ended)
        add(text, "Raise the largest k to see where prediction ends. ");
    if (content->loss_by_data && content->options.loss == NMF_LOSS_KL)
        add(text, "The entries are whole numbers that spread like counts, more where there are "
                  "more: they were "
                  "judged by the Kullback-Leibler divergence; fit them with loss kl. ");
    if (content->loss_by_data && content->options.loss == NMF_LOSS_FROBENIUS)
        add(text,
            "The entries are whole numbers, but do not spread like counts: squares judged them. ");
    if (content->dispersion > NMFI_OVERDISPERSED)
        add(text,
            "The counts are overdispersed: deviance %.1f for each degree of freedom, where Poisson "
            "counts have 1; thinning would overstate k. ",
            content->dispersion);
    const size_t used = strlen(text);
    if (used > 0 && text[used - 1] == ' ') text[used - 1] = '\0';
}

void nmfi_rank_put_in_words(nmf_rank_result *result)
{
    result->prediction[0] = result->stability[0] = result->advice[0] = '\0';
    say_prediction(result);
    say_stability(result);
    say_advice(result);
    result->content.prediction = result->prediction;
    result->content.stability = result->stability;
    result->content.advice = result->advice;
}
