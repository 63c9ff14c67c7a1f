/* The team of threads.h: workers spin briefly for the next piece of work, then sleep. Each thread
 * begins with the same share of the items in every run, since what it left in its cache the run
 * before belongs to these, and then helps the others with theirs. */
#include "base/threads.h"

#include "base/cpu.h"
#include "base/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* Some tens to two hundred microseconds, by how long the processor pauses: longer than the small
 * algebra between two passes, shorter than a time slice. */
enum { SPINS = 4000 };

/* The items of a run that begin as one thread's, on a cache line of their own. */
typedef struct share {
    _Alignas(NMFI_ALIGNMENT) atomic_int_fast64_t next;
    int64_t end;
} share;

struct nmfi_team {
    pthread_t *workers;
    share *shares; /* one for each thread */
    int64_t worker_count;
    int spins; /* 0 where threads share processors: spinning would keep the others from working */
    int fills; /* a thread for each processor */
    atomic_int_fast64_t caller; /* the processor that the last run was announced from */
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    atomic_int_fast64_t round; /* grows with each run; -1 ends the workers */
    atomic_int_fast64_t busy;
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

static unsigned denormals_off(void)
{
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u); /* flush to zero, denormals are zero */
    return before;
#else
    return 0;
#endif
}

static void denormals_restore(unsigned before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

static void work_off(nmfi_team *team, share *of, int64_t thread)
{
    while (atomic_load(&of->next) < of->end) {
        const int64_t item = atomic_fetch_add(&of->next, 1);
        if (item < of->end) team->task(team->context, item, thread);
    }
}

static void work(nmfi_team *team, int64_t thread)
{
    const unsigned mode = denormals_off();
    const int64_t threads = nmfi_team_threads(team);
    for (int64_t t = 0; t < threads; t++)
        work_off(team, &team->shares[(thread + t) % threads], thread);
    denormals_restore(mode);
}

/* Trap: a worker that wakes on its caller's processor, since another program is on its own just then,
 * stays there for a tenth of a second, though the other is free soon: each sleeps while the other
 * works. Where there are more processors than threads the system knows better which to take. */
static void step_aside(nmfi_team *team, int64_t thread)
{
    const int64_t caller = atomic_load(&team->caller);
    if (team->fills && nmfi_processor() == caller) nmfi_go_beside(caller, thread);
}

/* Returns the round that is not `seen`. */
static int64_t await_round(nmfi_team *team, int64_t thread, int64_t seen)
{
    for (int i = 0; i < team->spins; i++) {
        const int64_t round = atomic_load(&team->round);
        if (round != seen) return round;
        relax();
    }
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
    step_aside(team, start.thread);
    while ((seen = await_round(team, start.thread, seen)) >= 0) {
        work(team, start.thread);
        if (atomic_fetch_sub(&team->busy, 1) != 1) continue;
        pthread_mutex_lock(&team->lock);
        pthread_cond_signal(&team->done);
        pthread_mutex_unlock(&team->lock);
    }
    return NULL;
}

static void add_workers(nmfi_team *team, int64_t wanted)
{
    sigset_t all, before;
    sigfillset(&all);
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
    if (threads <= 0) threads = nmfi_processors();
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
    made->spins = threads <= nmfi_processors() ? SPINS : 0;
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

static void share_out(nmfi_team *team, int64_t items)
{
    const int64_t threads = nmfi_team_threads(team), each = items / threads, rest = items % threads;
    int64_t begin = 0;
    for (int64_t t = 0; t < threads; t++) {
        atomic_store(&team->shares[t].next, begin);
        begin += each + (t < rest);
        team->shares[t].end = begin;
    }
}

void nmfi_team_run(nmfi_team *team, int64_t items, nmfi_task task, void *context)
{
    team->task = task;
    team->context = context;
    share_out(team, items);
    if (team->worker_count == 0 || items <= 1) {
        work(team, 0);
        return;
    }
    atomic_store(&team->busy, team->worker_count);
    announce(team, atomic_load(&team->round) + 1);
    work(team, 0);
    for (int i = 0; i < team->spins && atomic_load(&team->busy) > 0; i++) relax();
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->busy) > 0) pthread_cond_wait(&team->done, &team->lock);
    pthread_mutex_unlock(&team->lock);
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
