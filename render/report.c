/* nmf_render_report: counts, writes the JSON, and puts it with style and script into the skeleton.
 *
 * The page's content security policy lets nothing run but its own script, by its digest, and nothing
 * be fetched: a name that slipped through every escape would still be no program. */
#include <nmfkit/render.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "io/files/atomic_file.h"
#include "io/files/number.h"
#include "report_json.h"
#include "report_page.h"

/* What a marker of the skeleton, "{{title}}", stands for. */
typedef enum part {
    PART_LANGUAGE,
    PART_TITLE,
    PART_POLICY,
    PART_STYLE,
    PART_SCRIPT,
    PART_DATA
} part;

static const struct {
    const char *marker;
    part part;
} markers[] = {
    {"{{language}}", PART_LANGUAGE}, {"{{title}}", PART_TITLE},   {"{{policy}}", PART_POLICY},
    {"{{style}}", PART_STYLE},       {"{{script}}", PART_SCRIPT}, {"{{data}}", PART_DATA},
};
#define MARKER_COUNT (sizeof markers / sizeof markers[0])

static void add_source(nmfi_buffer *page, const nmfi_page_source *source)
{
    nmfi_buffer_add(page, (const char *)source->text, source->bytes);
}

static void add_policy(nmfi_buffer *page)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    nmfi_buffer text = {NULL, 0, 0, 0};
    SHA256(nmfi_report_script.text, nmfi_report_script.bytes, digest);
    nmfi_buffer_base64(&text, digest, sizeof digest);
    nmfi_buffer_text(page, "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
                           "base-uri 'none'; form-action 'none'; script-src 'sha256-");
    if (text.used > 2) {
        nmfi_buffer_add(page, text.text + 1, text.used - 2); /* without its quotes */
    }
    nmfi_buffer_text(page, "'");
    page->failed = page->failed || text.failed;
    free(text.text);
}

static nmf_status add_part(part which, const nmf_model *model, const nmfi_figures *f,
                           nmfi_buffer *page, nmf_error *error)
{
    const nmf_render_report_options *asked = f->asked;
    const int zh = asked->language != NULL && strcmp(asked->language, "zh") == 0;
    switch (which) {
    case PART_LANGUAGE: nmfi_buffer_text(page, zh ? "zh-CN" : "en"); break;
    case PART_TITLE: nmfi_buffer_html(page, asked->title != NULL ? asked->title : "data"); break;
    case PART_POLICY: add_policy(page); break;
    case PART_STYLE: add_source(page, &nmfi_report_style); break;
    case PART_SCRIPT: add_source(page, &nmfi_report_script); break;
    case PART_DATA: return nmfi_report_json(model, f, page, error);
    }
    return NMF_OK;
}

/* The marker that the text begins with, or -1. */
static int marker_at(const char *text, size_t left)
{
    for (size_t i = 0; i < MARKER_COUNT; i++) {
        const size_t length = strlen(markers[i].marker);
        if (left >= length && memcmp(text, markers[i].marker, length) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static nmf_status put_together(const nmf_model *model, const nmfi_figures *f, nmfi_buffer *page,
                               nmf_error *error)
{
    const char *at = (const char *)nmfi_report_skeleton.text;
    const char *end = at + nmfi_report_skeleton.bytes;
    nmf_status status = NMF_OK;
    while (at < end && status == NMF_OK) {
        const int marker = marker_at(at, (size_t)(end - at));
        if (marker >= 0) {
            status = add_part(markers[marker].part, model, f, page, error);
            at += strlen(markers[marker].marker);
        } else {
            const char *next = memchr(at + 1, '{', (size_t)(end - at - 1));
            next = next != NULL ? next : end;
            nmfi_buffer_add(page, at, (size_t)(next - at));
            at = next;
        }
    }
    return status == NMF_OK && page->failed
               ? nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the report")
               : status;
}

static nmf_status check(const nmf_model *model, const nmf_render_report_options *options,
                        nmf_error *error)
{
    if (model == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a report needs a model");
    }
    if (options->struct_bytes != sizeof *options) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "struct_bytes = %zu: begin with NMF_RENDER_REPORT_INIT, which says %zu",
                        options->struct_bytes, sizeof *options);
    }
    if (options->language != NULL && strcmp(options->language, "en") != 0 &&
        strcmp(options->language, "zh") != 0) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "language = '%s': must be en or zh",
                        options->language);
    }
    if (options->most_samples < 0) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "most_samples = %lld: must be at least 0",
                        (long long)options->most_samples);
    }
    return NMF_OK;
}

nmf_status nmf_render_report_html(const nmf_model *model, const nmf_render_report_options *options,
                                  char **html, size_t *bytes, nmf_error *error)
{
    const nmf_render_report_options defaults = NMF_RENDER_REPORT_INIT;
    nmfi_buffer page = {NULL, 0, 0, 0};
    nmfi_figures figures = {0};
    nmfi_c_locale locale;
    *html = NULL;
    *bytes = 0;
    options = options != NULL ? options : &defaults;
    nmf_status status = check(model, options, error);
    if (status != NMF_OK) {
        return status;
    }
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    status = nmfi_figures_count(model, options, &figures, error);
    if (status == NMF_OK) {
        status = put_together(model, &figures, &page, error);
    }
    nmfi_figures_clear(&figures);
    nmfi_c_locale_leave(&locale);
    if (status != NMF_OK) {
        free(page.text);
        return status;
    }
    *html = page.text;
    *bytes = page.used;
    return NMF_OK;
}

nmf_status nmf_render_report(const nmf_model *model, const nmf_render_report_options *options,
                             const char *path, nmf_error *error)
{
    char *html = NULL;
    size_t bytes = 0;
    nmfi_atomic_file *file = NULL;
    if (path == NULL || path[0] == '\0') {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a report needs a path");
    }
    nmf_status status = nmf_render_report_html(model, options, &html, &bytes, error);
    if (status == NMF_OK) {
        status = nmfi_atomic_open(path, &file, error);
    }
    if (status == NMF_OK) {
        /* A write that fails is found by the commit, with the system's reason. */
        const int written = fwrite(html, 1, bytes, nmfi_atomic_stream(file)) == bytes;
        status = nmfi_atomic_commit(file, error);
        if (status == NMF_OK && !written) {
            status = nmf_fail(error, NMF_ERROR_FILE, "cannot write %s", path);
        }
    }
    free(html);
    return status;
}
