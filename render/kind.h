/* Kinds of data: what a component is drawn as. One description serves cairo and the report's page,
 * which gets it as JSON and knows only the marks.
 *
 * A new kind is one file kind_NAME.c and one row of kinds.def. */
#ifndef NMFI_RENDER_KIND_H
#define NMFI_RENDER_KIND_H

#include "io/files/plugin.h"

#include <nmfkit/matrix.h>

#define NMFI_LANGUAGE_COUNT 2 /* English, Chinese: as in render/report/words.js */

/* What is put on the paper; page and cairo each draw these four. */
typedef enum nmfi_mark {
    NMFI_MARK_TERMS = 0,   /* names with bars, the longest first */
    NMFI_MARK_PICTURE = 1, /* pixels */
    NMFI_MARK_LINE = 2,    /* a curve along the features */
    NMFI_MARK_COLUMNS = 3  /* a bar for each feature, in groups with a colour each */
} nmfi_mark;
#define NMFI_MARK_NAMES "terms", "picture", "line", "columns"

/* Neighbouring features that share a colour ("#1ebff0") and a name; a list ends with count 0. */
typedef struct nmfi_kind_group {
    const char *name, *colour;
    int64_t count;
} nmfi_kind_group;

typedef struct nmfi_kind {
    const char *name; /* "pictures": of --kind */
    /* What a component and a feature of it are called, many of them, in the page's languages. */
    const char *parts[NMFI_LANGUAGE_COUNT], *features[NMFI_LANGUAGE_COUNT];
    /* What a model must have to be drawn so ("an image shape"); NULL: any can be. */
    const char *needs;
    nmfi_mark mark;
    double relevance; /* where the page's relevance slider stands at first; below 0: no slider */
    const nmfi_kind_group *groups; /* of columns, else NULL */
    /* Whether a model with these components is of this kind. */
    int (*recognise)(const nmf_matrix *H);
    /* order[i]: the feature that is drawn in place i; NULL: as they come. Called only for an H that
     * is of this kind. */
    void (*arrange)(const nmf_matrix *H, int64_t *order);
} nmfi_kind;

#define NMFI_KIND(name) extern const nmfi_kind nmfi_kind_##name;
#include "kinds.def"

/* The first kind of the table that recognises H; features where none does. */
NMFI_FOR_PLUGINS const nmfi_kind *nmfi_kind_of(const nmf_matrix *H);

/* The kind called `name`, for a model with these components. Errors: ARGUMENT (no such one; or H has not
 * what it needs). */
NMFI_FOR_PLUGINS nmf_status nmfi_kind_named(const char *name, const nmf_matrix *H,
                                            const nmfi_kind **kind, nmf_error *error);

#endif
