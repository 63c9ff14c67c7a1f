/* See interrupt.h. The handler sets a flag and, on a terminal, says that it was heard; or it takes
 * away what is half-written and lets the signal do what it does by default. */
#include "interrupt.h"
#include "together.h"

#include <nmfkit/io.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t received, worth_keeping, asked;
static int stderr_is_terminal;
static int holds; /* not yet released: they nest */

static void die_of(int number)
{
    sigset_t only;
    struct sigaction action;
    nmf_io_remove_temporaries();
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &only, NULL); /* which delivers it, where this is its handler */
}

static void handle(int number)
{
    if (!worth_keeping || received != 0) die_of(number);
    received = number;
    if (stderr_is_terminal) {
        static const char heard[] = "\r\033[Kstopping; once more ends it at once\n";
        const ssize_t written = write(STDERR_FILENO, heard, sizeof heard - 1);
        (void)written; /* there is nobody to tell */
    }
}

static void install(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    action.sa_flags = SA_RESTART; /* reading and writing go on undisturbed */
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) sigaddset(&action.sa_mask, signals[i]);
    sigaction(number, &action, NULL);
}

static void note_asked(int number)
{
    (void)number;
    asked = 1;
}

void cli_interrupt_answer(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_asked;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
}

int cli_interrupt_asked(void)
{
    const int now = asked;
    if (now) asked = 0;
    return now;
}

static int waits; /* others may have the same to say, and the first process says it for all */

/* The last words of a process that cannot go on. Its end is that of all: one that is still there after some seconds is
 * alone with its reason. */
static void say_last(const char *sentence)
{
    if (waits) { /* until the launcher ends this one, as another has said it */
        signal(SIGTERM, SIG_DFL);
        (void)poll(NULL, 0, 2000);
    }
    const ssize_t written = write(STDERR_FILENO, sentence, strlen(sentence));
    (void)written; /* there is nobody to tell */
    _exit(1);
}

/* A file that lies in memory by its addresses, of which a page cannot be had: a disk that fails, or data
 * that another program cut short. There is nothing to go back to. */
static void end_without_page(int number, siginfo_t *info, void *context)
{
    static const char sentence[] =
        "nmf: a page of a mapped file (the scratch file, or data that were cut short while they were read) "
        "cannot be had from its disk: nothing was written\n";
    (void)context;
    if (info->si_code != BUS_ADRERR) die_of(number);
    nmf_io_remove_temporaries();
    say_last(sentence);
}

static void answer_lost_pages(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = end_without_page;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

void cli_interrupt_begin(void)
{
    stderr_is_terminal = isatty(STDERR_FILENO);
    waits = !cli_together_speaks();
    answer_lost_pages();
    for (int i = 0; i < SIGNALS; i++) { /* what is ignored stays so: nohup, a script's jobs */
        struct sigaction now;
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            install(signals[i]);
    }
}

void cli_interrupt_hold(void)
{
    if (holds++ > 0) return;
    /* Trap: not only where the signal is not ignored. A script's background jobs start with SIGINT
     * ignored, and `kill -INT` on such a fit is a clear wish all the same. */
    install(SIGINT);
    install(SIGTERM);
}

void cli_interrupt_keep(void)
{
    if (holds > 0) worth_keeping = 1;
}

int cli_interrupted(void)
{
    return received != 0;
}

void cli_interrupt_kept(void)
{
    worth_keeping = 0;
}

static const char *out_of_time; /* a whole line */

static void end_in_time(int number)
{
    (void)number;
    nmf_io_remove_temporaries();
    say_last(out_of_time);
}

void cli_interrupt_after(double seconds, const char *sentence)
{
    struct sigaction action;
    struct itimerval timer = {{0, 0}, {0, 0}};
    memset(&action, 0, sizeof action);
    action.sa_handler = seconds > 0 ? end_in_time : SIG_DFL;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    timer.it_value.tv_sec = (time_t)seconds;
    timer.it_value.tv_usec = (suseconds_t)(1e6 * (seconds - (double)(time_t)seconds));
    if (seconds > 0 && timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0)
        timer.it_value.tv_usec = 1; /* 0 would mean never */
    if (seconds > 0) {
        out_of_time = sentence;
        sigaction(SIGALRM, &action, NULL);
        setitimer(ITIMER_REAL, &timer, NULL);
    } else {
        setitimer(ITIMER_REAL, &timer, NULL);
        sigaction(SIGALRM, &action, NULL);
    }
}

void cli_interrupt_release(void)
{
    if (holds == 0 || --holds > 0) return;
    worth_keeping = 0;
    if (received != 0 && !cli_together_joined()) { /* the others would be killed before they end */
        fflush(stdout);
        die_of(received);
    }
}
