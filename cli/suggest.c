/* "Did you mean": the closest of the words that exist, by the number of letters inserted, dropped,
 * changed or swapped with their neighbour (Damerau 1964, optimal string alignment). */
#include "args.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_WORD 32

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Distance of a and b, both at most LONGEST_WORD letters, and the least of those to b's beginnings: row i of
 * the usual table needs only the two rows above it, and the last one has a distance for each beginning. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                            size_t *to_beginning)
{
    size_t rows[3][LONGEST_WORD + 1];
    for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *const row = rows[i % 3];
        const size_t *const above = rows[(i + 2) % 3];
        const size_t *const two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const size_t change = a[i - 1] != b[j - 1];
            row[j] = least(row[j - 1] + 1, above[j] + 1, above[j - 1] + change);
            const int swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && two_above[j - 2] + 1 < row[j]) row[j] = two_above[j - 2] + 1;
        }
    }
    const size_t *const last = rows[a_length % 3];
    *to_beginning = last[0];
    for (size_t j = 1; j <= b_length; j++)
        if (last[j] < *to_beginning) *to_beginning = last[j];
    return last[b_length];
}

void cli_suggest_for(const char *word, const char *candidate, const char *meant,
                     cli_suggestion *suggestion)
{
    const size_t length = strlen(word);
    const size_t candidate_length = strlen(candidate);
    if (length == 0 || length > LONGEST_WORD || candidate_length > LONGEST_WORD) return;
    size_t to_beginning;
    size_t distance = edit_distance(word, length, candidate, candidate_length, &to_beginning);
    /* The beginning of a word is a good guess however much of it is missing, a misspelt one where it is long. */
    const int begins = length >= 2 && strncmp(word, candidate, length) == 0;
    if (begins) distance = 1;
    if (length >= 6 && to_beginning <= length / 6 && to_beginning + 1 < distance)
        distance = to_beginning + 1;
    const size_t allowed = length < 4 ? 1 : length / 3 + 1;
    if (distance > allowed || (suggestion->best != NULL && distance >= suggestion->distance))
        return;
    suggestion->best = meant;
    suggestion->distance = distance;
}

void cli_suggest(const char *word, const char *candidate, cli_suggestion *suggestion)
{
    cli_suggest_for(word, candidate, candidate, suggestion);
}

void cli_add_suggestion(const cli_suggestion *suggestion, nmf_error *error)
{
    const size_t used = strlen(error->message);
    if (suggestion->best != NULL)
        snprintf(error->message + used, sizeof error->message - used, "; did you mean %s?",
                 suggestion->best);
}

void cli_suggest_of_sentence(const char *word, nmf_error *error)
{
    const char *const list = strstr(error->message, "must be ");
    if (list != NULL) cli_suggest_of(list + strlen("must be "), word, error);
}

void cli_suggest_of(const char *list, const char *word, nmf_error *error)
{
    cli_suggestion suggestion = {NULL, 0};
    char words[512], *rest = words;
    snprintf(words, sizeof words, "%s", list);
    for (char *one; (one = strsep(&rest, " ,")) != NULL;) {
        if (*one != '\0' && strcmp(one, word) == 0) return; /* it is not this that is wrong */
        if (*one != '\0') cli_suggest(word, one, &suggestion);
    }
    cli_add_suggestion(&suggestion, error);
}
