/* Lines of UTF-8 text through pango; see text.h. A text is first looked through (bytes that are not
 * UTF-8, characters that no font has), then laid out into its box. */
#include "text.h"

#include <pango/pangocairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The Chinese face comes first because its Latin letters go with it: a title in both looks of
 * one piece. It is in the package dependencies; elsewhere fontconfig's sans takes its place. */
#define FONT_FAMILY "Noto Sans CJK SC,sans-serif"

/* More than any box holds; a longer text is cut here, or laying it out would take seconds. */
#define TEXT_BYTES 2048

struct nmfi_typesetter {
    PangoFontMap *fonts;
    PangoContext *context;
    nmf_error *warning;
    int can_draw; /* 0: not a single font is installed */
};

/* Shapes do not depend on the screen: unhinted, grey edges, the same widths in PNG, SVG and PDF. */
static void set_font_options(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    pango_context_set_round_glyph_positions(context, FALSE);
    cairo_font_options_destroy(options);
}

static int can_draw(PangoContext *context)
{
    PangoLayout *layout = pango_layout_new(context);
    pango_layout_set_text(layout, "?", -1);
    const int missing = pango_layout_get_unknown_glyphs_count(layout);
    g_object_unref(layout);
    return missing == 0;
}

nmf_status nmfi_typesetter_new(nmf_error *warning, nmfi_typesetter **text, nmf_error *error)
{
    *text = calloc(1, sizeof **text);
    if (*text == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "not enough memory to set text");
    }
    (*text)->warning = warning;
    (*text)->fonts = pango_cairo_font_map_new();
    (*text)->context = pango_font_map_create_context((*text)->fonts);
    set_font_options((*text)->context);
    (*text)->can_draw = can_draw((*text)->context);
    if (!(*text)->can_draw) {
        (void)nmf_fail(warning, NMF_ERROR_UNSUPPORTED,
                       "no font is installed, so that the picture has no text; the Debian package "
                       "fonts-noto-cjk has one");
    }
    return NMF_OK;
}

void nmfi_typesetter_free(nmfi_typesetter *text)
{
    if (text != NULL) {
        g_object_unref(text->context);
        g_object_unref(text->fonts);
        free(text);
    }
}

/* Only the first warning is kept: one picture, one sentence. */
static nmf_error *free_warning(const nmfi_typesetter *text)
{
    return text->warning != NULL && text->warning->message[0] == '\0' ? text->warning : NULL;
}

static void warn_of_byte(const nmfi_typesetter *text, const char *place, unsigned char byte,
                         int64_t position)
{
    (void)nmf_fail(free_warning(text), NMF_ERROR_FORMAT,
                   "%s is not valid UTF-8: byte 0x%02x at position %lld is drawn as '?'", place,
                   byte, (long long)position);
}

static void warn_of_character(const nmfi_typesetter *text, const char *place, gunichar character)
{
    char shown[16] = "";
    if (g_unichar_isgraph(character)) {
        char bytes[7] = "";
        g_unichar_to_utf8(character, bytes);
        snprintf(shown, sizeof shown, " '%s'", bytes);
    }
    const GUnicodeScript script = g_unichar_get_script(character);
    const int east_asian = script == G_UNICODE_SCRIPT_HAN || script == G_UNICODE_SCRIPT_HANGUL ||
                           script == G_UNICODE_SCRIPT_HIRAGANA ||
                           script == G_UNICODE_SCRIPT_KATAKANA;
    (void)nmf_fail(free_warning(text), NMF_ERROR_UNSUPPORTED,
                   "no installed font has the character U+%04X%s of %s, which is drawn as '?'%s",
                   (unsigned)character, shown, place,
                   east_asian ? "; the Debian package fonts-noto-cjk has one that does" : "");
}

int64_t nmfi_typesetter_valid_copy(const char *string, char *copy, size_t bytes)
{
    const char *from = string;
    int64_t first_bad = -1;
    size_t used = 0;
    while (*from != '\0') {
        const gunichar character = g_utf8_get_char_validated(from, -1);
        const int bad = character == (gunichar)-1 || character == (gunichar)-2;
        const size_t step = bad ? 1 : (size_t)(g_utf8_next_char(from) - from);
        if (used + step >= bytes) {
            break;
        }
        if (bad && first_bad < 0) {
            first_bad = from - string;
        }
        memcpy(copy + used, bad ? "?" : from, step);
        used += step;
        from += step;
    }
    copy[used] = '\0';
    return first_bad;
}

/* Marks in missing[] the byte offsets, into the layout's text, of the characters that no font
 * has. */
static void mark_missing(PangoLayout *layout, char missing[TEXT_BYTES])
{
    PangoLayoutIter *at = pango_layout_get_iter(layout);
    do {
        const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(at);
        for (int i = 0; run != NULL && i < run->glyphs->num_glyphs; i++) {
            const PangoGlyph glyph = run->glyphs->glyphs[i].glyph;
            if (glyph != PANGO_GLYPH_EMPTY && (glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0) {
                missing[run->item->offset + run->glyphs->log_clusters[i]] = 1;
            }
        }
    } while (pango_layout_iter_next_run(at));
    pango_layout_iter_free(at);
}

/* Puts a '?' for each character that no font has; returns the first of them, or 0. */
static gunichar replace_missing(PangoLayout *layout, char string[TEXT_BYTES])
{
    char missing[TEXT_BYTES] = {0};
    gunichar first = 0;
    pango_layout_set_text(layout, string, -1);
    if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
        return 0;
    }
    mark_missing(layout, missing);
    char *to = string;
    for (const char *from = string; *from != '\0';) {
        const size_t step = (size_t)(g_utf8_next_char(from) - from);
        if (missing[from - string]) {
            first = first != 0 ? first : g_utf8_get_char(from);
            *to++ = '?';
        } else {
            memmove(to, from, step);
            to += step;
        }
        from += step;
    }
    *to = '\0';
    return first;
}

/* Keeps line breaks where the box has room for them; other breaks and tabs become spaces. */
static void tame_breaks(char string[TEXT_BYTES], int lines)
{
    char *to = string;
    int breaks = 0;
    for (const char *from = string; *from != '\0';) {
        const size_t step = (size_t)(g_utf8_next_char(from) - from);
        const gunichar character = g_utf8_get_char(from);
        const GUnicodeType type = g_unichar_type(character);
        if (character == '\n' && breaks + 1 < lines) {
            breaks++;
            *to++ = '\n';
        } else if (character == '\n' || character == '\r' || character == '\t' ||
                   type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR) {
            *to++ = ' ';
        } else {
            memmove(to, from, step);
            to += step;
        }
        from += step;
    }
    *to = '\0';
}

static void set_box(PangoLayout *layout, const nmfi_type_style *style)
{
    static const PangoAlignment alignments[] = {
        [NMFI_ALIGN_LEFT] = PANGO_ALIGN_LEFT,
        [NMFI_ALIGN_CENTER] = PANGO_ALIGN_CENTER,
        [NMFI_ALIGN_RIGHT] = PANGO_ALIGN_RIGHT,
    };
    pango_layout_set_width(layout, (int)style->width * PANGO_SCALE);
    pango_layout_set_height(layout, -style->lines);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_ellipsize(layout,
                               style->lines == 1 ? PANGO_ELLIPSIZE_MIDDLE : PANGO_ELLIPSIZE_END);
    pango_layout_set_alignment(layout, alignments[style->align]);
}

static void set_font(PangoLayout *layout, const nmfi_type_style *style)
{
    PangoFontDescription *font = pango_font_description_new();
    pango_font_description_set_family_static(font, FONT_FAMILY);
    pango_font_description_set_absolute_size(font, style->size * PANGO_SCALE);
    pango_font_description_set_weight(font, style->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout, font);
    pango_font_description_free(font);
}

/* The laid out text, warned about where there is reason to; NULL where there is nothing to draw. */
static PangoLayout *lay_out(nmfi_typesetter *text, const char *place, const char *string,
                            const nmfi_type_style *style)
{
    if (string == NULL || string[0] == '\0' || !text->can_draw) {
        return NULL;
    }
    char clean[TEXT_BYTES];
    const int64_t bad = nmfi_typesetter_valid_copy(string, clean, sizeof clean);
    if (bad >= 0) {
        warn_of_byte(text, place, (unsigned char)string[bad], bad);
    }
    tame_breaks(clean, style->lines);

    PangoLayout *layout = pango_layout_new(text->context);
    set_font(layout, style);
    /* Trap: looked through before the box is set; an ellipsis would hide what it replaces. */
    const gunichar missing = replace_missing(layout, clean);
    if (missing != 0) {
        warn_of_character(text, place, missing);
    }
    pango_layout_set_text(layout, clean, -1);
    set_box(layout, style);
    return layout;
}

void nmfi_typesetter_measure(nmfi_typesetter *text, const char *place, const char *string,
                             const nmfi_type_style *style, int64_t *width, int64_t *height)
{
    PangoLayout *layout = lay_out(text, place, string, style);
    int layout_width = 0, layout_height = 0;
    if (layout != NULL) {
        pango_layout_get_pixel_size(layout, &layout_width, &layout_height);
        g_object_unref(layout);
    }
    *width = layout_width;
    *height = layout_height;
}

void nmfi_typesetter_draw(nmfi_typesetter *text, cairo_t *cairo, const char *place,
                          const char *string, const nmfi_type_style *style, double x, double y)
{
    PangoLayout *layout = lay_out(text, place, string, style);
    if (layout != NULL) {
        cairo_set_source_rgb(cairo, style->grey, style->grey, style->grey);
        cairo_move_to(cairo, x, y);
        if (cairo_surface_get_type(cairo_get_target(cairo)) == CAIRO_SURFACE_TYPE_IMAGE) {
            /* Trap: cairo moves the glyphs of small type to whole pixels and the letters stand
             * unevenly; as outlines they stay where they belong. In a PDF they remain text, to
             * be searched. */
            pango_cairo_layout_path(cairo, layout);
            cairo_fill(cairo);
        } else {
            pango_cairo_show_layout(cairo, layout);
        }
        g_object_unref(layout);
    }
}
