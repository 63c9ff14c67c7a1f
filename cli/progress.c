/* See progress.h. The line is cut to the terminal's width, so that it never wraps and can be
 * erased. */
#include "progress.h"

#include "data.h"
#include "interrupt.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_AFTER_SECONDS 1.0
#define EVERY_SECONDS 0.1

static double now_seconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

cli_progress cli_progress_begin(void)
{
    const cli_progress progress = {.on_terminal = isatty(STDERR_FILENO), .began = now_seconds()};
    return progress;
}

static void erase_line(void)
{
    fputs("\r\033[K", stderr);
}

void cli_progress_end(cli_progress *progress)
{
    if (progress->drawn) {
        erase_line();
        fflush(stderr);
    }
    progress->drawn = 0;
}

static int is_due(cli_progress *progress)
{
    if (!progress->on_terminal) return 0;
    const double now = now_seconds();
    if (now - progress->began < FIRST_AFTER_SECONDS || now - progress->last < EVERY_SECONDS)
        return 0;
    progress->last = now;
    return 1;
}

static void draw(cli_progress *progress, const char *text)
{
    struct winsize size = {0, 0, 0, 0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) size.ws_col = 80;
    erase_line();
    fprintf(stderr, "%.*s", size.ws_col - 1, text);
    fflush(stderr);
    progress->drawn = 1;
}

/* "iteration 12 of at most 200, 14 readings, loss 3.1, KKT residual 2e-3, 5 s, at most 40 s left"; "in a
 * sketch, 7 readings, ...". */
static void describe_point(const cli_progress *progress, const nmf_trace_point *point, char *text,
                           size_t bytes)
{
    char most[40] = "", where[96] = "in a sketch", residual[48] = "", left[48] = "", rate[32] = "";
    if (progress->most > 0)
        snprintf(most, sizeof most, " of at most %lld", (long long)progress->most);
    if (point->iteration > 0)
        snprintf(where, sizeof where, "iteration %lld%s", (long long)point->iteration, most);
    if (point->kkt == point->kkt) /* NaN: not computed */
        snprintf(residual, sizeof residual, ", KKT residual %.1e", point->kkt);
    if (cli_disk_bytes() > 0 && point->seconds > 0)
        snprintf(rate, sizeof rate, " (%.0f MB/s)",
                 1e-6 * (double)cli_disk_bytes() / point->seconds);
    if (progress->time_limit > point->seconds)
        snprintf(left, sizeof left, ", at most %.0f s left", progress->time_limit - point->seconds);
    snprintf(text, bytes, "%s, %lld readings%s, loss %.7g%s, %.1f s%s", where,
             (long long)point->passes, rate, point->loss, residual, point->seconds, left);
}

int cli_progress_fit(const nmf_trace_point *point, void *context)
{
    cli_progress *const progress = context;
    /* Long passes ask in between, with what is known already, or with nothing. */
    if (point->loss != point->loss) return cli_interrupted();
    const int is_news = point->iteration == 0 || point->iteration != progress->told;
    cli_interrupt_keep(); /* from here on there is a result, or there will be one soon */
    char text[256];
    progress->told = point->iteration;
    if (progress->verbose && is_news) {
        describe_point(progress, point, text, sizeof text);
        fprintf(stderr, "%s\n", text);
    } else if (is_due(progress)) {
        describe_point(progress, point, text, sizeof text);
        draw(progress, text);
    }
    return cli_interrupted();
}

/* "12800 rows, 31 MB/s; the last block before it was learned from: loss 3.1 a row, relative error 0.21". */
int cli_progress_rows(const nmf_online_state *state, int64_t bytes, cli_progress *progress)
{
    const double seconds = now_seconds() - progress->began;
    char text[256], last[128] = "", rate[48] = "";
    if (seconds > 0) snprintf(rate, sizeof rate, ", %.3g MB/s", 1e-6 * (double)bytes / seconds);
    if (state->loss == state->loss) /* NaN: none yet */
        snprintf(
            last, sizeof last,
            "; the last block before it was learned from: loss %.6g a row, relative error %.4g",
            state->loss, state->relative_error);
    snprintf(text, sizeof text, "%lld rows%s%s", (long long)state->rows, rate, last);
    if (progress->verbose)
        fprintf(stderr, "%s\n", text);
    else if (is_due(progress))
        draw(progress, text);
    return cli_interrupted();
}

int cli_progress_rank(const nmf_rank_progress *point, void *context)
{
    cli_progress *const progress = context;
    if (point->fits_done > 0) cli_interrupt_keep();
    if (is_due(progress)) {
        char text[256];
        snprintf(text, sizeof text, "k = %lld, %lld of %lld fits of the ranks tried now, %.0f s",
                 (long long)point->k, (long long)point->fits_done, (long long)point->fits_planned,
                 point->seconds);
        draw(progress, text);
    }
    return cli_interrupted();
}

int cli_progress_download(int64_t done, int64_t total, void *context)
{
    cli_progress *const progress = context;
    if (is_due(progress)) {
        const double seconds = progress->last - progress->began;
        char text[256], share[64] = "";
        if (total > 0)
            snprintf(share, sizeof share, " of %.1f MB (%.0f%%)", (double)total * 1e-6,
                     100.0 * (double)done / (double)total);
        snprintf(text, sizeof text, "downloading: %.1f MB%s, %.2g MB/s, %.0f s",
                 (double)done * 1e-6, share, (double)done * 1e-6 / seconds, seconds);
        draw(progress, text);
    }
    return cli_interrupted();
}
