/* The team of threads.h: workers spin briefly for the next piece of work, then sleep. Each thread
 * begins with the same share of the items in every run, since what it left in its cache the run
 * before belongs to these, and then helps the others with theirs. A run ends with its last item, not
 * with the last worker: one that another program keeps from its processor takes nothing, and nobody
 * waits for it. */
#include "base/threads.h"

#include "base/denormals.h"
#include "base/machine.h"
#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* Some tens to two hundred microseconds, by how long the processor pauses: longer than the small
 * algebra between two passes, shorter than a time slice. Who spun in vain, since what it waits for is
 * kept from its processor, spins less the next time. */
enum { SPINS = 4000, SPINS_LEAST = 64 };

/* The items of a run that begin as one thread's, on a cache line of their own. `next` also holds the
 * run's number, so that who comes late cannot take an item of a run that it knows nothing of. */
typedef struct share {
    _Alignas(NMFI_ALIGNMENT) atomic_uint_fast64_t next;
    atomic_uint_fast64_t end;
} share;
enum { INDEX_BITS = 40 };
#define INDEX_MASK ((UINT64_C(1) << INDEX_BITS) - 1)

struct nmfi_team {
    pthread_t *workers;
    share *shares; /* one for each thread */
    int64_t worker_count;
    int spins; /* 0 where threads share processors: spinning would keep the others from working */
    int caller_spins;           /* how long the caller spins now */
    int fills;                  /* a thread for each processor */
    atomic_int_fast64_t caller; /* the processor that the last run was announced from */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    atomic_int_fast64_t round; /* grows with each run; -1 ends the workers */
    atomic_int_fast64_t open;  /* items of the run that are not done */
    nmfi_task task;
    void *context;
};

typedef struct worker_start {
    nmfi_team *team;
    int64_t thread;
} worker_start;

static void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#endif
}

/* Takes an item of run `round` from a share; -1: none is left, or the run is over.
 * Trap: `end` is read between the two looks at `next`. It is changed only after `next` has been (share_out), so an
 * end that belongs to another run is never used. */
static int64_t take_item(share *of, uint64_t round)
{
    uint64_t next = atomic_load(&of->next);
    for (;;) {
        const uint64_t end = atomic_load(&of->end), index = next & INDEX_MASK;
        if (next >> INDEX_BITS != round || index >= end) return -1;
        if (atomic_compare_exchange_weak(&of->next, &next, next + 1)) return (int64_t)index;
    }
}

static uint64_t tag_of(int64_t round)
{
    return (uint64_t)round & (UINT64_MAX >> INDEX_BITS);
}

/* Who does the last item of a run tells the caller. */
static void item_done(nmfi_team *team)
{
    if (atomic_fetch_sub(&team->open, 1) != 1) return;
    pthread_mutex_lock(&team->lock);
    pthread_cond_signal(&team->done);
    pthread_mutex_unlock(&team->lock);
}

static void work(nmfi_team *team, int64_t thread, int64_t round)
{
    const unsigned mode = nmfi_denormals_off();
    const int64_t threads = nmfi_team_threads(team);
    for (int64_t t = 0; t < threads; t++) {
        share *const of = &team->shares[(thread + t) % threads];
        for (int64_t item; (item = take_item(of, tag_of(round))) >= 0;) {
            team->task(team->context, item,
                       thread); /* of this run: it cannot end before the item does */
            item_done(team);
        }
    }
    nmfi_denormals_restore(mode);
}

/* Trap: a worker that wakes on its caller's processor, since another program is on its own just then,
 * stays there for a tenth of a second, though the other is free soon: each sleeps while the other
 * works. Where there are more processors than threads the system knows better which to take. */
static void step_aside(nmfi_team *team, int64_t thread)
{
    const int64_t caller = atomic_load(&team->caller);
    if (team->fills && nmfi_processor() == caller) nmfi_go_beside(caller, thread);
}

/* How long to spin, after it was worth it or was not. */
static int after_spinning(const nmfi_team *team, int spins, int worthwhile)
{
    if (worthwhile) return team->spins;
    return spins / 4 > SPINS_LEAST || spins == 0 ? spins / 4 : SPINS_LEAST;
}

/* Returns the round that is not `seen`. */
static int64_t await_round(nmfi_team *team, int64_t thread, int64_t seen, int *spins)
{
    for (int i = 0; i < *spins; i++) {
        const int64_t round = atomic_load(&team->round);
        if (round != seen) {
            *spins = after_spinning(team, *spins, 1);
            return round;
        }
        relax();
    }
    *spins = after_spinning(team, *spins, 0);
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->round) == seen) pthread_cond_wait(&team->wake, &team->lock);
    pthread_mutex_unlock(&team->lock);
    step_aside(team, thread);
    return atomic_load(&team->round);
}

static void *worker(void *argument)
{
    const worker_start start = *(worker_start *)argument;
    free(argument);
    nmfi_team *team = start.team;
    int64_t seen = 0;
    int spins = team->spins;
    step_aside(team, start.thread);
    while ((seen = await_round(team, start.thread, seen, &spins)) >= 0)
        work(team, start.thread, seen);
    return NULL;
}

static void add_workers(nmfi_team *team, int64_t wanted)
{
    sigset_t all, before;
    sigfillset(&all);
    /* What a thread itself does wrong, or a page that is lost, comes to it: blocked, that ends the process. */
    static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (team->worker_count < wanted) {
        worker_start *start = malloc(sizeof *start);
        if (!start) break;
        start->team = team;
        start->thread = team->worker_count + 1;
        if (pthread_create(&team->workers[team->worker_count], NULL, worker, start) != 0) {
            free(start);
            break;
        }
        team->worker_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

nmf_status nmfi_team_start(int64_t threads, nmfi_team **team, nmf_error *error)
{
    *team = NULL;
    if (threads <= 0) threads = nmfi_default_threads();
    nmfi_team *made = calloc(1, sizeof *made);
    pthread_t *workers = calloc((size_t)threads, sizeof *workers);
    share *shares = nmfi_allocate((size_t)threads * sizeof *shares);
    if (!made || !workers || !shares) {
        free(made);
        free(workers);
        nmfi_release(shares);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a team of %lld threads",
                        (long long)threads);
    }
    made->workers = workers;
    made->shares = shares;
    made->spins = made->caller_spins = threads <= nmfi_processors() ? SPINS : 0;
    made->fills = threads == nmfi_processors();
    atomic_store(&made->caller, nmfi_processor());
    pthread_mutex_init(&made->lock, NULL);
    pthread_cond_init(&made->wake, NULL);
    pthread_cond_init(&made->done, NULL);
    add_workers(made, threads - 1);
    *team = made;
    return NMF_OK;
}

int64_t nmfi_team_threads(const nmfi_team *team)
{
    return team->worker_count + 1;
}

static void announce(nmfi_team *team, int64_t round)
{
    atomic_store(&team->caller, nmfi_processor());
    pthread_mutex_lock(&team->lock);
    atomic_store(&team->round, round);
    pthread_cond_broadcast(&team->wake);
    pthread_mutex_unlock(&team->lock);
}

/* Shares are empty while they are changed. */
static void share_out(nmfi_team *team, int64_t items, int64_t round)
{
    const int64_t threads = nmfi_team_threads(team), each = items / threads, rest = items % threads;
    const uint64_t tag = tag_of(round) << INDEX_BITS;
    int64_t begin = 0;
    atomic_store(&team->open, items);
    for (int64_t t = 0; t < threads; t++) {
        const int64_t end = begin + each + (t < rest);
        atomic_store(&team->shares[t].next, tag | INDEX_MASK);
        atomic_store(&team->shares[t].end, (uint64_t)end);
        atomic_store(&team->shares[t].next, tag | (uint64_t)begin);
        begin = end;
    }
}

/* Trap: a thread that does the last item need not have let go of the lock when the caller goes on: the caller takes
 * it before it leaves, so that the team may be stopped at once. */
static void await_items(nmfi_team *team)
{
    for (int i = 0; i < team->caller_spins && atomic_load(&team->open) > 0; i++) relax();
    team->caller_spins = after_spinning(team, team->caller_spins, atomic_load(&team->open) == 0);
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->open) > 0) pthread_cond_wait(&team->done, &team->lock);
    pthread_mutex_unlock(&team->lock);
}

void nmfi_team_run(nmfi_team *team, int64_t items, nmfi_task task, void *context)
{
    const int64_t round = atomic_load(&team->round) + 1;
    if (items <= 0) return;
    team->task = task;
    team->context = context;
    share_out(team, items, round);
    if (team->worker_count == 0 || items <= 1)
        atomic_store(&team->round, round); /* who sleeps may go on sleeping */
    else
        announce(team, round);
    work(team, 0, round);
    await_items(team);
}

void nmfi_team_stop(nmfi_team *team)
{
    if (!team) return;
    announce(team, -1);
    for (int64_t i = 0; i < team->worker_count; i++) pthread_join(team->workers[i], NULL);
    pthread_mutex_destroy(&team->lock);
    pthread_cond_destroy(&team->wake);
    pthread_cond_destroy(&team->done);
    free(team->workers);
    nmfi_release(team->shares);
    free(team);
}
