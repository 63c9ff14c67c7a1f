/* The ranks that are tried: a ladder upwards, then the gaps beside what cannot be told apart
 * (bracket.h). */
#include "select/bracket.h"

#include <math.h>

/* Rung i: 1, 2, 3, 4, 6, 8, 11, 16, ... */
static int64_t rung(int64_t i)
{
    return i < 3 ? i + 1 : (int64_t)llround(4 * pow(2, 0.5 * (double)(i - 3)));
}

/* The ladder ends where the last two ranks, are not as good as the best, or no better. */
static int has_turned(const nmfi_candidate *candidates, int64_t count)
{
    if (count < 3) return 0;
    for (int64_t c = count - 2; c < count; c++)
        if (candidates[c].in_set) return 0;
    return 1;
}

static int64_t climb(int64_t highest, int64_t most, int64_t *next, int64_t room)
{
    const int64_t at_once = highest == 0 ? 4 : 2;
    int64_t found = 0;
    for (int64_t i = 0; found < at_once && found < room; i++) {
        const int64_t k = rung(i) < most ? rung(i) : most;
        if (k <= highest) {
            if (k == most) break;
            continue;
        }
        next[found++] = highest = k;
    }
    return found;
}

static int64_t add_middle(int64_t low, int64_t high, int64_t *next, int64_t found, int64_t room)
{
    if (high - low < 2 || found == room) return found;
    const int64_t middle = low + (high - low) / 2;
    for (int64_t i = 0; i < found; i++)
        if (next[i] == middle) return found;
    next[found] = middle;
    return found + 1;
}

/* Whether nothing but members of the set lies between candidate c and one of those that the answer
 * names: the smallest member, the smallest within one standard error of the best, the best. */
static int is_joined(const nmfi_candidate *candidates, int64_t count, int64_t c)
{
    int64_t first = c, last = c; /* the run of members around c lies between these */
    while (first >= 0 && candidates[first].in_set) first--;
    while (last < count && candidates[last].in_set) last++;
    int64_t smallest = -1, predicts = -1, best = -1;
    for (int64_t i = 0; i < count; i++) {
        const nmfi_candidate *of = &candidates[i];
        if (smallest < 0 && of->in_set) smallest = i;
        if (predicts < 0 && of->difference <= of->standard_error) predicts = i;
        if (best < 0 || of->difference < candidates[best].difference) best = i;
    }
    return (first < smallest && smallest < last) || (first < predicts && predicts < last) ||
           (first < best && best < last);
}

int64_t nmfi_next_ranks(const nmfi_candidate *candidates, int64_t count, int64_t most,
                        int64_t *next, int64_t room)
{
    const int64_t highest = count ? candidates[count - 1].k : 0;
    if (highest < most && !has_turned(candidates, count)) return climb(highest, most, next, room);
    int64_t found = 0;
    for (int64_t c = 0; c < count; c++) {
        if (!candidates[c].in_set || !is_joined(candidates, count, c)) continue;
        if (c > 0) found = add_middle(candidates[c - 1].k, candidates[c].k, next, found, room);
        if (c + 1 < count)
            found = add_middle(candidates[c].k, candidates[c + 1].k, next, found, room);
    }
    return found;
}
