/* See temporaries.h. A table of pointers that a signal handler may walk: each is written whole. */
#include "io/files/temporaries.h"

#include <errno.h>
#include <nmfkit/io.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#define MOST 64

static _Atomic(const char *) names[MOST];

static void replace(const char *from, const char *to)
{
    for (int i = 0; i < MOST; i++) {
        const char *expected = from;
        if (atomic_compare_exchange_strong(&names[i], &expected, to)) {
            return;
        }
    }
}

void nmfi_temporary_remember(const char *name)
{
    replace(NULL, name);
}

void nmfi_temporary_forget(const char *name)
{
    if (name != NULL) {
        replace(name, NULL);
    }
}

void nmf_io_remove_temporaries(void)
{
    const int reason = errno;
    for (int i = 0; i < MOST; i++) {
        const char *name = atomic_load(&names[i]);
        if (name != NULL) {
            (void)unlink(name);
        }
    }
    errno = reason;
}
