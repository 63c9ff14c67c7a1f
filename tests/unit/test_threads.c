/* The team of threads: every item exactly once, whatever the team, the number of runs, the other
 * teams, the signals and the forks of the host. */
#include "base/machine.h"
#include "base/threads.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <cmocka.h>

/* ThreadSanitizer loses count of threads that a forked child starts. */
#if defined(__SANITIZE_THREAD__)
#define NO_THREADS_AFTER_FORK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_THREADS_AFTER_FORK 1
#endif
#endif
#ifndef NO_THREADS_AFTER_FORK
#define NO_THREADS_AFTER_FORK 0
#endif

enum { ITEMS = 1000, THREADS = 9 };

typedef struct tally {
    atomic_int times[ITEMS];    /* that each item ran */
    atomic_int inside[THREADS]; /* calls that use this thread's scratch now */
    atomic_int shared;          /* scratch was used by two at once, or a number was out of range */
    int64_t threads;
} tally;

static void count_item(void *context, int64_t item, int64_t thread)
{
    tally *t = context;
    if (thread < 0 || thread >= t->threads || item < 0 || item >= ITEMS) {
        atomic_store(&t->shared, 1);
        return;
    }
    if (atomic_fetch_add(&t->inside[thread], 1) != 0) atomic_store(&t->shared, 1);
    atomic_fetch_add(&t->times[item], 1);
    atomic_fetch_sub(&t->inside[thread], 1);
}

static nmfi_team *start(int64_t threads)
{
    nmfi_team *team = NULL;
    nmf_error error = {0};
    if (nmfi_team_start(threads, &team, &error) != NMF_OK) fail_msg("%s", error.message);
    return team;
}

static void run_once(nmfi_team *team, int64_t items)
{
    tally t;
    memset(&t, 0, sizeof t);
    t.threads = nmfi_team_threads(team);
    nmfi_team_run(team, items, count_item, &t);
    for (int64_t i = 0; i < ITEMS; i++) assert_int_equal(atomic_load(&t.times[i]), i < items);
    assert_int_equal(atomic_load(&t.shared), 0);
}

static void every_item_runs_exactly_once(void **state)
{
    (void)state;
    static const int64_t items[] = {0, 1, 2, 3, 8, 9, 10, 64, ITEMS};
    for (int64_t threads = 1; threads <= THREADS; threads++) {
        nmfi_team *team = start(threads);
        assert_int_equal(nmfi_team_threads(team), threads);
        for (int i = 0; i < 9; i++) run_once(team, items[i]);
        nmfi_team_stop(team);
    }
    nmfi_team_stop(NULL);
}

static void runs_may_follow_each_other_at_once(void **state)
{
    (void)state;
    for (int64_t threads = 2; threads <= THREADS; threads += 3) {
        nmfi_team *team = start(threads);
        for (int run = 0; run < 500; run++) run_once(team, run % 7);
        nmfi_team_stop(team);
    }
}

static void runs_may_follow_when_the_workers_sleep(void **state)
{
    (void)state;
    nmfi_team *team = start(3);
    for (int run = 0; run < 20; run++) {
        const struct timespec pause = {0, 1000000}; /* much longer than workers spin */
        nanosleep(&pause, NULL);
        run_once(team, 5);
    }
    nmfi_team_stop(team);
}

static void teams_may_be_stopped_without_a_run(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) nmfi_team_stop(start(1 + i % 5));
}

static int64_t threads_by_default(const char *own, const char *common)
{
    own ? setenv("NMFKIT_NUM_THREADS", own, 1) : unsetenv("NMFKIT_NUM_THREADS");
    common ? setenv("OMP_NUM_THREADS", common, 1) : unsetenv("OMP_NUM_THREADS");
    nmfi_team *team = start(0);
    const int64_t threads = nmfi_team_threads(team);
    nmfi_team_stop(team);
    unsetenv("NMFKIT_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    return threads;
}

static void zero_threads_is_what_the_environment_or_the_machine_says(void **state)
{
    (void)state;
    static const char *const no_number[] = {
        "", "0", "-3", "4097", "two", "2x", "99999999999999999999"};
    assert_true(nmfi_processors() >= 1);
    assert_true(nmfi_cache_bytes() >= 65536);
    assert_int_equal(threads_by_default(NULL, NULL), nmfi_processors());
    assert_int_equal(threads_by_default("3", NULL), 3);
    assert_int_equal(threads_by_default("3", "5"), 3);
    assert_int_equal(threads_by_default(NULL, "5"), 5);
    assert_int_equal(threads_by_default(NULL, "4,2"), 4);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(threads_by_default(no_number[i], "5"), 5);
        assert_int_equal(threads_by_default(NULL, no_number[i]), nmfi_processors());
    }
}

typedef struct late_run {
    atomic_int done;
} late_run;

/* Item 0 keeps whoever takes it until all others are done. */
static void hold_first(void *context, int64_t item, int64_t thread)
{
    late_run *run = context;
    (void)thread;
    if (item == 0)
        while (atomic_load(&run->done) < 7) sched_yield();
    else
        atomic_fetch_add(&run->done, 1);
}

/* A thread that is kept from its processor holds up its own item only: others take what else was its share. */
static void others_take_what_a_late_thread_leaves(void **state)
{
    (void)state;
    for (int64_t threads = 2; threads <= 4; threads++) {
        nmfi_team *team = start(threads);
        for (int i = 0; i < 50; i++) {
            late_run run = {0};
            nmfi_team_run(team, 8, hold_first, &run);
            assert_int_equal(atomic_load(&run.done), 7);
        }
        nmfi_team_stop(team);
    }
}

static void an_impossible_team_is_refused(void **state)
{
    (void)state;
    nmfi_team *team = start(1), *kept = team;
    nmf_error error = {0};
    unit_failed(nmfi_team_start(INT64_MAX, &team, &error), &error, NMF_ERROR_MEMORY,
                "9223372036854775807");
    assert_null(team);
    nmfi_team_stop(kept);
}

/* Several hosts' threads with a team each. */
static void *side(void *argument)
{
    const int64_t threads = *(const int64_t *)argument;
    nmfi_team *team = NULL;
    if (nmfi_team_start(threads, &team, NULL) != NMF_OK) return argument;
    void *bad = NULL;
    for (int run = 0; run < 50 && !bad; run++) {
        tally t;
        memset(&t, 0, sizeof t);
        t.threads = nmfi_team_threads(team);
        nmfi_team_run(team, 100, count_item, &t);
        for (int64_t i = 0; i < 100; i++)
            if (atomic_load(&t.times[i]) != 1) bad = argument;
        if (atomic_load(&t.shared)) bad = argument;
    }
    nmfi_team_stop(team);
    return bad;
}

static void teams_run_side_by_side(void **state)
{
    (void)state;
    pthread_t sides[4];
    int64_t threads[] = {1, 2, 3, 4};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&sides[i], NULL, side, &threads[i]), 0);
    for (int i = 0; i < 4; i++) {
        void *bad = &threads[i];
        assert_int_equal(pthread_join(sides[i], &bad), 0);
        assert_null(bad);
    }
}

static void a_team_works_in_a_forked_child(void **state)
{
    (void)state;
    if (NO_THREADS_AFTER_FORK) skip();
    nmfi_team *parents = start(3);
    run_once(parents, 10);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(20); /* a team that waits for the parent's threads would wait for ever */
        int64_t threads = 3;
        _exit(side(&threads) ? 1 : 0);
    }
    run_once(parents, 10); /* and the parent's goes on */
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    nmfi_team_stop(parents);
}

typedef struct masks {
    atomic_int unblocked; /* workers that would take a signal */
    atomic_int workers_seen;
    atomic_int waiting;
} masks;

static void look_at_mask(void *context, int64_t item, int64_t thread)
{
    masks *m = context;
    (void)item;
    /* Each item waits for the others, so that every thread of the team has one. */
    atomic_fetch_add(&m->waiting, 1);
    while (atomic_load(&m->waiting) < 4) sched_yield();
    if (thread == 0) return;
    atomic_fetch_add(&m->workers_seen, 1);
    sigset_t set;
    pthread_sigmask(SIG_BLOCK, NULL, &set);
    static const int signals[] = {SIGINT, SIGTERM, SIGALRM, SIGUSR1, SIGCHLD, SIGPIPE};
    for (int i = 0; i < 6; i++)
        if (!sigismember(&set, signals[i])) atomic_store(&m->unblocked, 1);
}

static void workers_take_no_signals_and_the_host_keeps_its_mask(void **state)
{
    (void)state;
    sigset_t before, after;
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    nmfi_team *team = start(4);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (int s = 1; s < 32; s++) assert_int_equal(sigismember(&before, s), sigismember(&after, s));
    masks m;
    memset(&m, 0, sizeof m);
    nmfi_team_run(team, 4, look_at_mask, &m);
    assert_int_equal(atomic_load(&m.workers_seen), 3);
    assert_int_equal(atomic_load(&m.unblocked), 0);
    nmfi_team_stop(team);
}

/* 1e-310 * 1: zero while denormals are off. Volatile, or the compiler would know better. */
static int denormals_count(void)
{
    volatile double tiny = 1e-310, one = 1;
    const volatile double product = tiny * one;
    return product > 0;
}

/* Whether this processor (an emulated one may not) can be told to take denormals as zero. */
static int denormals_can_be_off(void)
{
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u);
    const int off = !denormals_count();
    _mm_setcsr(before);
    return off;
#else
    return 0;
#endif
}

static void look_at_denormals(void *context, int64_t item, int64_t thread)
{
    (void)item;
    (void)thread;
    if (denormals_count()) atomic_fetch_add((atomic_int *)context, 1);
}

static void denormals_are_zero_in_a_run_and_the_hosts_again_after_it(void **state)
{
    (void)state;
    for (int64_t threads = 1; threads <= 3; threads += 2) {
        nmfi_team *team = start(threads);
        atomic_int counted = 0;
        assert_true(denormals_count());
        nmfi_team_run(team, 30, look_at_denormals, &counted);
        assert_int_equal(atomic_load(&counted), denormals_can_be_off() ? 0 : 30);
        assert_true(denormals_count());
        nmfi_team_stop(team);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_runs_exactly_once),
        cmocka_unit_test(runs_may_follow_each_other_at_once),
        cmocka_unit_test(runs_may_follow_when_the_workers_sleep),
        cmocka_unit_test(teams_may_be_stopped_without_a_run),
        cmocka_unit_test(zero_threads_is_what_the_environment_or_the_machine_says),
        cmocka_unit_test(others_take_what_a_late_thread_leaves),
        cmocka_unit_test(an_impossible_team_is_refused),
        cmocka_unit_test(teams_run_side_by_side),
        cmocka_unit_test(a_team_works_in_a_forked_child),
        cmocka_unit_test(workers_take_no_signals_and_the_host_keeps_its_mask),
        cmocka_unit_test(denormals_are_zero_in_a_run_and_the_hosts_again_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
