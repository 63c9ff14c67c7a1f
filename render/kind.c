/* The table of kinds (kinds.def). */
#include "kind.h"

#include <stdio.h>
#include <string.h>

#define NMFI_KIND(name) &nmfi_kind_##name,
static const nmfi_kind *const kinds[] = {
#include "kinds.def"
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

const nmfi_kind *nmfi_kind_of(const nmf_matrix *H)
{
    size_t i = 0;
    while (i + 1 < KIND_COUNT && !kinds[i]->recognise(H)) {
        i++;
    }
    return kinds[i];
}

static nmf_status fail_unknown(const char *name, nmf_error *error)
{
    char names[256] = "";
    for (size_t i = 0; i < KIND_COUNT; i++) {
        const size_t used = strlen(names);
        const char *before = i == 0 ? "" : i + 1 < KIND_COUNT ? ", " : " or ";
        snprintf(names + used, sizeof names - used, "%s%s", before, kinds[i]->name);
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "kind = '%s': must be %s", name, names);
}

nmf_status nmfi_kind_named(const char *name, const nmf_matrix *H, const nmfi_kind **kind,
                           nmf_error *error)
{
    size_t i = 0;
    while (i < KIND_COUNT && strcmp(kinds[i]->name, name) != 0) {
        i++;
    }
    if (i == KIND_COUNT) {
        return fail_unknown(name, error);
    }
    if (kinds[i]->needs != NULL && !kinds[i]->recognise(H)) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "kind = '%s': the model's components need %s",
                        name, kinds[i]->needs);
    }
    *kind = kinds[i];
    return NMF_OK;
}
