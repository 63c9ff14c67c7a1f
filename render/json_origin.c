/* Where a report comes from: the command that made the model, and when. */
#include <nmfkit/nmfkit.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report_writing.h"

/* A word of a shell's command line: in single quotes where it needs them. */
static void add_shell_word(nmfi_buffer *to, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:=,+@%";
    if (word[0] != '\0' && word[0] != '-' && strspn(word, plain) == strlen(word)) {
        nmfi_buffer_text(to, word);
        return;
    }
    nmfi_buffer_text(to, "'");
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            nmfi_buffer_text(to, "'\\''");
        } else {
            nmfi_buffer_add(to, word, 1);
        }
    }
    nmfi_buffer_text(to, "'");
}

/* The options that differ from the defaults, as the command takes them. */
static void add_flags(const nmfi_writing *w, nmfi_buffer *to)
{
    static const char *const weightings[] = {NMF_WEIGHTING_NAMES};
    const nmf_options defaults = NMF_OPTIONS_INIT;
    const nmf_model_content *content = w->f->content;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    char value[64], standard[64];
    for (int64_t i = 0; i < count; i++) {
        nmf_option_get(&content->options, &table[i], value, sizeof value);
        nmf_option_get(&defaults, &table[i], standard, sizeof standard);
        if ((table[i].scope & NMF_SCOPE_FIT) != 0 && strcmp(value, standard) != 0 &&
            strcmp(table[i].field, "threads") != 0) { /* which change no result */
            const int is_k = strcmp(table[i].field, "k") == 0;
            nmfi_buffer_format(to, " %s%s", is_k ? "-" : "--", is_k ? "k" : table[i].flag);
            if (table[i].kind != NMF_OPTION_KIND_FLAG) {
                nmfi_buffer_format(to, " %s", value);
            }
        }
    }
    if ((size_t)content->weighting < sizeof weightings / sizeof weightings[0] &&
        content->weighting != NMF_WEIGHTING_NONE &&
        content->options.weighting == NMF_WEIGHTING_NONE) { /* the caller's doing, not the fit's */
        nmfi_buffer_format(to, " --weighting %s", weightings[content->weighting]);
    }
}

void nmfi_json_origin(nmfi_writing *w)
{
    nmfi_buffer command = {NULL, 0, 0, 0};
    const nmf_render_report_options *asked = w->f->asked;
    nmfi_open_object(w, "origin");
    if (asked->command == NULL) {
        nmfi_buffer_text(&command, "nmf fit ");
        add_shell_word(&command, asked->title != NULL ? asked->title : "data");
        add_flags(w, &command);
    }
    nmfi_put_flag(w, "command_is_made", asked->command == NULL);
    nmfi_put_text(w, "command", asked->command != NULL ? asked->command : command.text);
    free(command.text);
    if (asked->created_seconds > 0) {
        const time_t when = (time_t)asked->created_seconds;
        struct tm utc;
        char date[40] = "";
        if (gmtime_r(&when, &utc) != NULL) {
            strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
            nmfi_put_text(w, "created", date);
        }
    }
    nmfi_close_object(w);
}
