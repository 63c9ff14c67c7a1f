/* See holes.h. */
#include "pass/holes.h"

#include "data/value.h"

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

typedef struct shape {
    size_t m, n, holes, entry;
    nmf_dtype type;
} shape;

static shape shape_of(const nmfi_observed *observed)
{
    const nmf_dtype type = nmf_matrix_dtype(observed->filled);
    return (shape){(size_t)nmf_matrix_rows(observed->filled),
                   (size_t)nmf_matrix_columns(observed->filled), (size_t)observed->missing,
                   nmf_dtype_bytes(type), type};
}

static size_t bytes_of_lines(const shape *s, size_t lines)
{
    return aligned((lines + 1) * sizeof(int64_t)) + aligned(s->holes * sizeof(int32_t)) +
           aligned(s->holes * s->entry);
}

size_t nmfi_holes_bytes(const nmfi_observed *observed)
{
    const shape s = shape_of(observed);
    return bytes_of_lines(&s, s.m) + bytes_of_lines(&s, s.n);
}

static nmfi_hole_lines cut(const shape *s, size_t lines, char *room)
{
    nmfi_hole_lines cut;
    cut.pointers = (int64_t *)(void *)room;
    room += aligned((lines + 1) * sizeof(int64_t));
    cut.indices = (int32_t *)(void *)room;
    cut.values = room + aligned(s->holes * sizeof(int32_t));
    return cut;
}

/* `u`: lines x others of T; the value of entry e of line i is filled[i * step + e * stride]. */
static void list(const shape *s, const void *u, const void *filled, size_t lines, size_t others,
                 size_t step, size_t stride, nmfi_hole_lines *to)
{
    int64_t count = 0;
    for (size_t i = 0; i < lines; i++) {
        to->pointers[i] = count;
        for (size_t e = 0; e < others; e++) {
            if (nmfi_value(s->type, u, (int64_t)(i * others + e)) > 0) continue;
            to->indices[count] = (int32_t)e;
            nmfi_set_value(s->type, to->values, count,
                           nmfi_value(s->type, filled, (int64_t)(i * step + e * stride)));
            count++;
        }
    }
    to->pointers[lines] = count;
}

nmfi_holes nmfi_holes_list(const nmfi_observed *observed, void *memory)
{
    const shape s = shape_of(observed);
    const void *const filled = nmf_matrix_dense(observed->filled).data;
    nmfi_holes holes = {cut(&s, s.m, memory),
                        cut(&s, s.n, (char *)memory + bytes_of_lines(&s, s.m))};
    list(&s, observed->u, filled, s.m, s.n, s.n, 1, &holes.of_rows);
    list(&s, observed->u_transposed, filled, s.n, s.m, 1, s.n, &holes.of_columns);
    return holes;
}
