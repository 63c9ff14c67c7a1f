/* Downloads from a server on this machine that behaves and misbehaves as servers do. */
#include "http_server.h"
#include "io/download/download.h"
#include "io/files/sha256.h"
#include "picture_support.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BYTES = 100000, PART = 30000 };

/* What every test starts from: a server with a file, and an empty directory for the part. */
typedef struct scene {
    unsigned char content[BYTES];
    char sha256[NMFI_SHA256_TEXT_BYTES];
    char part[64];
    char *directory;
    http_server *server;
    nmfi_download_request request;
} scene;

static int set_scene(void **state)
{
    setenv("no_proxy", "127.0.0.1", 1);
    scene *const now = calloc(1, sizeof *now);
    assert_non_null(now);
    uint32_t word = 1;
    for (int i = 0; i < BYTES; i++) {
        word = word * 1664525u + 1013904223u;
        now->content[i] = (unsigned char)(word >> 24);
    }
    now->directory = new_directory();
    char *const whole = put_file(now->directory, "whole", now->content, BYTES);
    assert_int_equal(nmfi_sha256_file(whole, now->sha256, NULL), NMF_OK);
    remove(whole);
    free(whole);
    snprintf(now->part, sizeof now->part, "%s/file.part", now->directory);
    now->server = http_start(HTTP_SERVES, now->content, BYTES);
    now->request = (nmfi_download_request){.url = http_url(now->server),
                                           .sha256 = now->sha256,
                                           .part_path = now->part,
                                           .hint = "; do without",
                                           .stall_seconds = 1};
    *state = now;
    return 0;
}

static int clear_scene(void **state)
{
    scene *const now = *state;
    http_stop(now->server);
    remove_directory(now->directory);
    free(now);
    return 0;
}

static void put_part(const scene *now, const unsigned char *bytes, size_t count)
{
    free(put_file(now->directory, "file.part", bytes, count));
}

static void assert_part_is(const scene *now, size_t wanted)
{
    size_t count;
    unsigned char *const bytes = bytes_of(now->part, &count);
    assert_int_equal(count, wanted);
    assert_memory_equal(bytes, now->content, wanted);
    free(bytes);
}

static void assert_downloads(scene *now)
{
    nmf_error error = {NMF_OK, ""};
    if (nmfi_download(&now->request, &error) != NMF_OK) fail_msg("%s", error.message);
    assert_part_is(now, BYTES);
}

static void assert_fails(scene *now, nmf_status status, const char *sentence)
{
    nmf_error error = {NMF_OK, ""};
    assert_int_equal(nmfi_download(&now->request, &error), status);
    if (strstr(error.message, sentence) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", sentence, error.message);
}

static void assert_no_part(const scene *now)
{
    assert_int_equal(access(now->part, F_OK), -1);
}

static void a_whole_file_comes_in_one_request(void **state)
{
    scene *const now = *state;
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 1);
    assert_int_equal(http_last_range(now->server), -1);
}

static void a_part_is_continued(void **state)
{
    scene *const now = *state;
    put_part(now, now->content, PART);
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 1);
    assert_int_equal(http_last_range(now->server), PART);
    assert_int_equal(http_sent_bytes(now->server), BYTES - PART);
}

static void a_finished_part_needs_no_connection(void **state)
{
    scene *const now = *state;
    put_part(now, now->content, BYTES);
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 0);
}

static void a_server_that_ignores_ranges_begins_again(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_IGNORES_RANGES);
    put_part(now, now->content + 1, PART); /* and what was there does not matter */
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 1);
}

static void a_part_of_something_else_is_discarded(void **state)
{
    scene *const now = *state;
    put_part(now, now->content + 1, PART);
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 2);
    assert_int_equal(http_last_range(now->server), -1);
}

static void a_part_longer_than_the_file_is_discarded(void **state)
{
    scene *const now = *state;
    unsigned char *const longer = calloc(1, 2 * BYTES);
    assert_non_null(longer);
    put_part(now, longer, 2 * BYTES);
    free(longer);
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 2);
}

static void a_redirect_is_followed(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_REDIRECTS);
    put_part(now, now->content, PART);
    assert_downloads(now);
    assert_int_equal(http_requests(now->server), 2);
    assert_int_equal(http_sent_bytes(now->server), BYTES - PART);
}

static void a_broken_connection_keeps_the_part_and_the_next_call_goes_on(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_CUTS);
    assert_fails(now, NMF_ERROR_NETWORK, "broke off after 50000 bytes: ");
    assert_part_is(now, BYTES / 2);
    http_behave(now->server, HTTP_SERVES);
    assert_downloads(now);
    assert_int_equal(http_last_range(now->server), BYTES / 2);
}

static void a_stalled_server_is_given_up(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_STALLS);
    const time_t start = time(NULL);
    assert_fails(now, NMF_ERROR_NETWORK, "broke off after 50000 bytes: ");
    assert_true(time(NULL) - start < 10);
    assert_part_is(now, BYTES / 2);
}

static void a_silent_server_is_given_up(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_IS_SILENT);
    assert_fails(now, NMF_ERROR_NETWORK, "could not reach 127.0.0.1:");
    assert_no_part(now);
}

static void a_wrong_checksum_leaves_nothing(void **state)
{
    scene *const now = *state;
    static const char wrong[] = "00000000000000000000000000000000000000000000000000000000000000ff";
    now->request.sha256 = wrong;
    char sentence[256];
    snprintf(sentence, sizeof sentence, "its sha256 is %s, not %s", now->sha256, wrong);
    assert_fails(now, NMF_ERROR_NETWORK, sentence);
    assert_no_part(now);
    assert_int_equal(http_requests(now->server), 1);
    put_part(now, now->content,
             PART); /* continued: tried once more from the beginning, and no more */
    assert_fails(now, NMF_ERROR_NETWORK, sentence);
    assert_no_part(now);
    assert_int_equal(http_requests(now->server), 3);
}

static void a_missing_file_is_told_and_the_part_stays(void **state)
{
    scene *const now = *state;
    http_behave(now->server, HTTP_NOT_FOUND);
    char sentence[128];
    snprintf(sentence, sizeof sentence, "%s answers 404 instead of the file",
             http_url(now->server));
    assert_fails(now, NMF_ERROR_NETWORK, sentence);
    assert_no_part(now);
    put_part(now, now->content, PART);
    assert_fails(now, NMF_ERROR_NETWORK, sentence);
    assert_part_is(now, PART);
}

static void nobody_there_is_told_with_the_hint(void **state)
{
    scene *const now = *state;
    now->request.url = "http://user:secret@127.0.0.1:1/file"; /* port 1: nobody listens */
    assert_fails(now, NMF_ERROR_NETWORK, "could not reach 127.0.0.1:1: ");
    assert_fails(now, NMF_ERROR_NETWORK, "; do without");
    assert_no_part(now);
    now->request.url = "file:///etc/hostname"; /* only the network */
    assert_fails(now, NMF_ERROR_NETWORK, "could not reach");
}

typedef struct watch {
    int64_t last, total, stop_at;
} watch;

static int on_progress(int64_t done, int64_t total, void *context)
{
    watch *const seen = context;
    assert_true(done >= seen->last || seen->last == 0);
    seen->last = done;
    if (total >= 0) seen->total = total;
    return done >= seen->stop_at;
}

static void progress_counts_the_part_and_may_stop(void **state)
{
    scene *const now = *state;
    watch seen = {0, -1, BYTES + 1};
    put_part(now, now->content, PART);
    now->request.progress = on_progress;
    now->request.progress_context = &seen;
    assert_downloads(now);
    assert_int_equal(seen.last, BYTES);
    assert_int_equal(seen.total, BYTES);
    put_part(now, now->content, PART);
    seen = (watch){0, -1, PART + 1};
    assert_fails(now, NMF_ERROR_INTERRUPTED, "the download was stopped after ");
    size_t count;
    unsigned char *const bytes = bytes_of(now->part, &count);
    assert_in_range(count, PART, BYTES);
    assert_memory_equal(bytes, now->content, count);
    free(bytes);
}

/* A limit on file sizes stands in for a full disk: the write fails in the middle. */
static void a_part_that_cannot_be_written_is_told(void **state)
{
    scene *const now = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {PART, before.rlim_max};
    void (*const handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    nmf_error error = {NMF_OK, ""};
    const nmf_status status = nmfi_download(&now->request, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(status, NMF_ERROR_FILE);
    assert_non_null(strstr(error.message, "file.part: cannot be written: "));
    now->request.part_path = "no-such-directory/file.part";
    assert_fails(now, NMF_ERROR_FILE,
                 "no-such-directory/file.part: cannot be written: No such file");
}

static void two_at_a_time_do_not_mix(void **state)
{
    scene *const now = *state;
    const int other = open(now->part, O_RDWR | O_CREAT, 0666);
    assert_int_equal(flock(other, LOCK_EX), 0);
    assert_fails(now, NMF_ERROR_FILE, "file.part: another process is downloading it");
    assert_int_equal(access(now->part, F_OK), 0); /* it is the other's */
    close(other);
    assert_downloads(now);
}

/* 1000 times the file, of which a limit of three times is taken. */
static void a_server_without_end_is_given_up_and_nothing_kept(void **state)
{
    scene *const now = *state;
    now->request.most_bytes = 3 * BYTES;
    http_behave(now->server, HTTP_IS_ENDLESS);
    assert_fails(now, NMF_ERROR_NETWORK, "sends more than the 300000 bytes");
    assert_no_part(now);
    assert_true(http_sent_bytes(now->server) < 100 * BYTES);
    now->request.most_bytes = BYTES - 1; /* by what the server says beforehand */
    http_behave(now->server, HTTP_SERVES);
    assert_fails(now, NMF_ERROR_NETWORK, "sends more than the 99999 bytes");
    assert_no_part(now);
    now->request.most_bytes = BYTES;
    assert_downloads(now);
}

static void no_link_is_written_through(void **state)
{
    scene *const now = *state;
    char target[80];
    snprintf(target, sizeof target, "%s/elsewhere", now->directory);
    assert_int_equal(symlink(target, now->part), 0);
    assert_fails(now, NMF_ERROR_FILE, "is a link");
    assert_int_equal(access(target, F_OK), -1);
    unlink(now->part);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_scene, clear_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(a_whole_file_comes_in_one_request),
        WITH_SCENE(a_part_is_continued),
        WITH_SCENE(a_finished_part_needs_no_connection),
        WITH_SCENE(a_server_that_ignores_ranges_begins_again),
        WITH_SCENE(a_part_of_something_else_is_discarded),
        WITH_SCENE(a_part_longer_than_the_file_is_discarded),
        WITH_SCENE(a_redirect_is_followed),
        WITH_SCENE(a_broken_connection_keeps_the_part_and_the_next_call_goes_on),
        WITH_SCENE(a_stalled_server_is_given_up),
        WITH_SCENE(a_silent_server_is_given_up),
        WITH_SCENE(a_wrong_checksum_leaves_nothing),
        WITH_SCENE(a_missing_file_is_told_and_the_part_stays),
        WITH_SCENE(nobody_there_is_told_with_the_hint),
        WITH_SCENE(progress_counts_the_part_and_may_stop),
        WITH_SCENE(a_part_that_cannot_be_written_is_told),
        WITH_SCENE(two_at_a_time_do_not_mix),
        WITH_SCENE(a_server_without_end_is_given_up_and_nothing_kept),
        WITH_SCENE(no_link_is_written_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
