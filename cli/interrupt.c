/* See interrupt.h. The handler does nothing but set a flag and, on a terminal, say that it was
 * heard. */
#include "interrupt.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t received;
static int stderr_is_terminal;
static int holds; /* holds not yet released: they nest */

static void remember_signal(int signal_number)
{
    received = signal_number;
    if (stderr_is_terminal) {
        static const char heard[] = "\r\033[Kstopping; once more ends it at once\n";
        const ssize_t written = write(STDERR_FILENO, heard, sizeof heard - 1);
        (void)written; /* there is nobody to tell */
    }
}

void cli_interrupt_hold(void)
{
    if (holds++ > 0) return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = remember_signal;
    /* RESETHAND: the second signal kills. RESTART: reading and writing go on undisturbed. */
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    sigemptyset(&action.sa_mask);
    stderr_is_terminal = isatty(STDERR_FILENO);
    /* Trap: not only where the signal is not ignored. A script's background jobs start with SIGINT
     * ignored, and `kill -INT` on such a fit is a clear wish all the same. */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int cli_interrupted(void)
{
    return received != 0;
}

void cli_interrupt_release(void)
{
    if (holds == 0 || --holds > 0) return;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (received != 0) {
        fflush(stdout);
        raise(received);
    }
}
