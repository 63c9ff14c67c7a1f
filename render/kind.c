/* The table of kinds, in the order in which they are asked. */
#include "kind.h"

#include <string.h>

static const nmfi_kind *const kinds[] = {
    &nmfi_kind_pictures, &nmfi_kind_signatures, &nmfi_kind_curves,
    &nmfi_kind_words,    &nmfi_kind_features,
};
#define KIND_COUNT (int64_t)(sizeof kinds / sizeof kinds[0])

const nmfi_kind *nmfi_kind_at(int64_t index)
{
    return index >= 0 && index < KIND_COUNT ? kinds[index] : NULL;
}

const nmfi_kind *nmfi_kind_of(const nmf_matrix *H)
{
    int64_t i = 0;
    while (i + 1 < KIND_COUNT && !kinds[i]->recognise(H)) {
        i++;
    }
    return kinds[i];
}

const nmfi_kind *nmfi_kind_named(const char *name)
{
    for (int64_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i]->name, name) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}
