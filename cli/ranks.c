/* See ranks.h. */
#include "ranks.h"

#include <errno.h>
#include <stdlib.h>

enum { MOST = 100000 };

static int parse_number(const char **text, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    if (**text < '0' || **text > '9') return 0;
    *number = strtoll(*text, &end, 10);
    *text = end;
    return errno == 0 && *number >= 1 && *number <= MOST;
}

/* LOW[:HIGH[:STEP]], marked in `wanted`. */
static int parse_part(const char **text, char *wanted)
{
    int64_t low, high, step = 1;
    if (!parse_number(text, &low)) return 0;
    high = low;
    if (**text == ':') {
        (*text)++;
        if (!parse_number(text, &high) || high < low) return 0;
        if (**text == ':') {
            (*text)++;
            if (!parse_number(text, &step)) return 0;
        }
    }
    for (int64_t k = low; k <= high; k += step) wanted[k] = 1;
    return 1;
}

nmf_status cli_parse_ranks(const char *text, int64_t **ranks, int64_t *count, nmf_error *error)
{
    char *wanted = calloc(MOST + 1, 1);
    const char *rest = text;
    *ranks = NULL;
    *count = 0;
    if (wanted == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for ranks");
    int good = parse_part(&rest, wanted);
    while (good && *rest == ',') {
        rest++;
        good = parse_part(&rest, wanted);
    }
    if (!good || *rest != '\0') {
        free(wanted);
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "-k %s: must be numbers of components from 1 to %d, such as 7, 2:20 or "
                        "2,3,5:20:5",
                        text, MOST);
    }
    for (int64_t k = 1; k <= MOST; k++) *count += wanted[k];
    *ranks = malloc((size_t)*count * sizeof **ranks);
    int64_t found = 0;
    for (int64_t k = 1; *ranks != NULL && k <= MOST; k++)
        if (wanted[k]) (*ranks)[found++] = k;
    free(wanted);
    return *ranks != NULL ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for ranks");
}
