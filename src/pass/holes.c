/* See holes.h. */
#include "pass/holes.h"

#include "data/value.h"

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* One side's lines that are here: how many, of how many entries, and what they miss. */
typedef struct side {
    size_t lines, others, holes;
    nmf_dtype type;
} side;

static side along_rows(const nmfi_observed *observed)
{
    return (side){(size_t)nmf_matrix_rows(observed->filled),
                  (size_t)nmf_matrix_columns(observed->filled), (size_t)observed->missing_here,
                  nmf_matrix_dtype(observed->filled)};
}

static side along_columns(const nmfi_observed *observed)
{
    const nmfi_source X = nmfi_source_of(observed->filled);
    const nmfi_partition own = nmfi_partition_spread(X.columns, X.comm);
    return (side){(size_t)own.count, (size_t)nmfi_source_all_rows(&X),
                  (size_t)observed->missing_across, X.dtype};
}

static size_t bytes_of(const side *s)
{
    return aligned((s->lines + 1) * sizeof(int64_t)) + aligned(s->holes * sizeof(int32_t)) +
           aligned(s->holes * nmf_dtype_bytes(s->type));
}

size_t nmfi_holes_bytes(const nmfi_observed *observed)
{
    const side rows = along_rows(observed), columns = along_columns(observed);
    return bytes_of(&rows) + bytes_of(&columns);
}

static nmfi_hole_lines cut(const side *s, char *room)
{
    nmfi_hole_lines cut;
    cut.pointers = (int64_t *)(void *)room;
    room += aligned((s->lines + 1) * sizeof(int64_t));
    cut.indices = (int32_t *)(void *)room;
    cut.values = room + aligned(s->holes * sizeof(int32_t));
    return cut;
}

/* `u`: lines x others of T; the value of entry e of line i is filled[i * step + e * stride]. */
static nmfi_hole_lines list(const side *s, const void *u, const void *filled, size_t step,
                            size_t stride, char *room)
{
    nmfi_hole_lines to = cut(s, room);
    int64_t count = 0;
    for (size_t i = 0; i < s->lines; i++) {
        to.pointers[i] = count;
        for (size_t e = 0; e < s->others; e++) {
            if (nmfi_value(s->type, u, (int64_t)(i * s->others + e)) > 0) continue;
            to.indices[count] = (int32_t)e;
            nmfi_set_value(s->type, to.values, count,
                           nmfi_value(s->type, filled, (int64_t)(i * step + e * stride)));
            count++;
        }
    }
    to.pointers[s->lines] = count;
    return to;
}

nmfi_holes nmfi_holes_list(const nmfi_observed *observed, const void *across, void *memory)
{
    const side rows = along_rows(observed), columns = along_columns(observed);
    const void *const filled = nmf_matrix_dense(observed->filled).data;
    char *const behind = (char *)memory + bytes_of(&rows);
    nmfi_holes holes;
    holes.of_rows = list(&rows, observed->u, filled, rows.others, 1, memory);
    holes.of_columns =
        across ? list(&columns, observed->u_transposed, across, columns.others, 1, behind)
               : list(&columns, observed->u_transposed, filled, 1, rows.others, behind);
    return holes;
}
