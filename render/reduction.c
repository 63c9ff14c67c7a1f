/* See reduction.h. Averages are linear, so that a reduced sample is the sum of its reduced parts. */
#include "reduction.h"

#include <stdlib.h>
#include <string.h>

#define MOST_ENTRIES 540000

static int64_t divided_up(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

typedef struct ranked {
    double size;
    int64_t feature;
} ranked;

static int larger_first(const void *first, const void *second)
{
    const ranked *a = first, *b = second;
    return a->size != b->size ? (a->size < b->size ? 1 : -1)
                              : (a->feature > b->feature) - (a->feature < b->feature);
}

static int by_number(const void *first, const void *second)
{
    const int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

/* The features that some component has most of, by their part in it; in their own order. */
static nmf_status keep_largest(const nmfi_figures *f, nmfi_reduction *r, nmf_error *error)
{
    ranked *all = calloc((size_t)f->n, sizeof *all);
    if (all == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld features", (long long)f->n);
    }
    for (int64_t j = 0; j < f->n; j++) {
        all[j].feature = j;
    }
    for (int64_t c = 0; c < f->k; c++) {
        double sum = 0.0;
        for (int64_t j = 0; j < f->n; j++) {
            sum += f->H[c * f->n + j];
        }
        for (int64_t j = 0; j < f->n && sum > 0.0; j++) {
            const double part = f->H[c * f->n + j] / sum;
            all[j].size = part > all[j].size ? part : all[j].size;
        }
    }
    qsort(all, (size_t)f->n, sizeof *all, larger_first);
    for (int64_t i = 0; i < r->to; i++) {
        r->kept[i] = all[i].feature;
    }
    qsort(r->kept, (size_t)r->to, sizeof *r->kept, by_number);
    free(all);
    return NMF_OK;
}

static void size_pictures(const nmfi_figures *f, nmfi_reduction *r)
{
    r->full_height = nmf_matrix_image_height(f->content->H);
    r->full_width = nmf_matrix_image_width(f->content->H);
    do {
        r->height = divided_up(r->full_height, r->step);
        r->width = divided_up(r->full_width, r->step);
        r->to = r->height * r->width;
    } while (r->to > MOST_ENTRIES / f->k && r->to > 1 && r->step++ > 0);
}

nmf_status nmfi_reduction_make(const nmfi_figures *f, nmfi_reduction *r, nmf_error *error)
{
    const int64_t most = MOST_ENTRIES / f->k > 1 ? MOST_ENTRIES / f->k : 1;
    *r = (nmfi_reduction){.from = f->n, .to = f->n, .step = 1};
    switch (f->kind->mark) {
    case NMFI_MARK_PICTURE: size_pictures(f, r); return NMF_OK;
    case NMFI_MARK_LINE:
        r->step = divided_up(f->n, most);
        r->to = divided_up(f->n, r->step);
        return NMF_OK;
    case NMFI_MARK_TERMS:
    case NMFI_MARK_COLUMNS: break;
    }
    if (f->kind->arrange == NULL && f->n <= most) {
        return NMF_OK;
    }
    r->to = f->kind->arrange != NULL ? f->n : most;
    r->kept = calloc((size_t)f->n, sizeof *r->kept);
    if (r->kept == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld features", (long long)f->n);
    }
    if (f->kind->arrange != NULL) {
        f->kind->arrange(f->content->H, r->kept);
        return NMF_OK;
    }
    return keep_largest(f, r, error);
}

static void average_pixels(const nmfi_reduction *r, const double *row, double *out)
{
    for (int64_t y = 0; y < r->height; y++) {
        for (int64_t x = 0; x < r->width; x++) {
            double sum = 0.0;
            int64_t count = 0;
            for (int64_t v = y * r->step; v < (y + 1) * r->step && v < r->full_height; v++) {
                for (int64_t u = x * r->step; u < (x + 1) * r->step && u < r->full_width; u++) {
                    sum += row[v * r->full_width + u];
                    count++;
                }
            }
            out[y * r->width + x] = sum / (double)count;
        }
    }
}

void nmfi_reduction_apply(const nmfi_reduction *r, const double *row, double *out)
{
    if (r->kept != NULL) {
        for (int64_t i = 0; i < r->to; i++) {
            out[i] = row[r->kept[i]];
        }
    } else if (r->step == 1) {
        memcpy(out, row, (size_t)r->to * sizeof *out);
    } else if (r->height > 0) {
        average_pixels(r, row, out);
    } else {
        for (int64_t i = 0; i < r->to; i++) {
            double sum = 0.0;
            int64_t j = i * r->step;
            for (; j < (i + 1) * r->step && j < r->from; j++) {
                sum += row[j];
            }
            out[i] = sum / (double)(j - i * r->step);
        }
    }
}

void nmfi_reduction_clear(nmfi_reduction *r)
{
    free(r->kept);
}
