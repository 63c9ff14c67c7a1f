/* Which kernel table a process gets: the best that the processor has, or the one NMFKIT_KERNELS
 * names. The choice is made once in a process, so each case is a child. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Whether a child with NMFKIT_KERNELS = wanted gets the tables called `name` for both types, with a
 * reason that has `fragment`. */
static int child_gets(const char *wanted, const char *name, const char *fragment)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (wanted)
            setenv("NMFKIT_KERNELS", wanted, 1);
        else
            unsetenv("NMFKIT_KERNELS");
        const char *reason = NULL;
        const nmfi_kernels *f32 = nmfi_kernels_for(NMF_F32, &reason);
        const nmfi_kernels *f64 = nmfi_kernels_for(NMF_F64, NULL);
        const int right = f32->element_bytes == 4 && f64->element_bytes == 8 &&
                          strcmp(f32->name, name) == 0 && strcmp(f64->name, name) == 0;
        _exit(right && reason && strstr(reason, fragment) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void the_best_that_runs_here_is_the_default(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables); /* the best is last */
    assert_true(child_gets(NULL, tables[count - 1]->name, ""));
    assert_true(child_gets("", tables[count - 1]->name, ""));
}

static void every_table_that_runs_here_can_be_asked_for(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i += 2)
        assert_true(child_gets(tables[i]->name, tables[i]->name, "NMFKIT_KERNELS"));
}

static void a_name_that_is_not_to_be_had_is_said_and_not_obeyed(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const char *best = tables[kernel_tables(tables) - 1]->name;
    assert_true(child_gets("sse9", best, "NMFKIT_KERNELS=sse9"));
    assert_true(child_gets("AVX2", best, "NMFKIT_KERNELS=AVX2"));
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_true(child_gets(endless, best, "NMFKIT_KERNELS=xxx"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_that_runs_here_is_the_default),
        cmocka_unit_test(every_table_that_runs_here_can_be_asked_for),
        cmocka_unit_test(a_name_that_is_not_to_be_had_is_said_and_not_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
