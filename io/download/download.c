/* A verified, resumable download through libcurl.
 *
 * The part file is the only state. Its length says where to go on (a range request), the server's
 * answer whether to append (206) or to begin again (200), and the checksum at the end whether it is
 * the file: no guess about what an earlier attempt left can do harm. */
#include "download.h"

#include "io/files/sha256.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nmfkit/io.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_SECONDS 30L
#define STALL_SECONDS 60L
#define MOST_REDIRECTS 10L

typedef struct transfer {
    const nmfi_download_request *request;
    CURL *curl;
    int part; /* descriptor of the part file */
    int64_t
        offset; /* what the part held when the request was sent; 0 once the server begins again */
    int64_t received; /* since the request was sent */
    int too_large;
    int write_errno;
    char reason[CURL_ERROR_SIZE];
} transfer;

static long answer_of(const transfer *job)
{
    long answer = 0;
    curl_easy_getinfo(job->curl, CURLINFO_RESPONSE_CODE, &answer);
    return answer;
}

static int write_all(int descriptor, const char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t done = write(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return 0;
        bytes += done;
        count -= (size_t)done;
    }
    return 1;
}

static size_t on_data(char *bytes, size_t one, size_t count, void *context)
{
    transfer *const job = context;
    const long answer = answer_of(job);
    (void)one;
    if (answer != 200 && answer != 206) return count; /* an error page: not for the file */
    if (answer == 200 && job->offset > 0) { /* the server ignores ranges: all comes again */
        if (ftruncate(job->part, 0) != 0 || lseek(job->part, 0, SEEK_SET) != 0) {
            job->write_errno = errno;
            return 0;
        }
        job->offset = 0;
        job->received = 0;
    }
    job->received += (int64_t)count;
    if (job->request->most_bytes > 0 && job->received + job->offset > job->request->most_bytes) {
        job->too_large = 1;
        return 0;
    }
    if (write_all(job->part, bytes, count)) return count;
    job->write_errno = errno;
    return 0;
}

static int on_progress(void *context, curl_off_t total, curl_off_t done, curl_off_t up_total,
                       curl_off_t up_done)
{
    const transfer *const job = context;
    (void)up_total;
    (void)up_done;
    if (job->request->progress == NULL) return 0;
    return job->request->progress((int64_t)done + job->offset,
                                  total > 0 ? (int64_t)total + job->offset : -1,
                                  job->request->progress_context);
}

/* The options whose failure would mean that libcurl was built without HTTP are checked by the
 * transfer. */
static void set_options(transfer *job)
{
    CURL *const curl = job->curl;
    const nmfi_download_request *const request = job->request;
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MOST_REDIRECTS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "nmfkit");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     request->stall_seconds > 0 ? request->stall_seconds : STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, job->reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, job);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, job);
    if (request->most_bytes > 0)
        curl_easy_setopt(curl, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)request->most_bytes);
    if (job->offset > 0) { /* Trap: CURLOPT_RESUME_FROM would fail where a server ignores ranges */
        char range[32];
        snprintf(range, sizeof range, "%" PRId64 "-", job->offset);
        curl_easy_setopt(curl, CURLOPT_RANGE, range);
    }
}

/* Trap: a library must not let a server that hangs up kill the process by SIGPIPE, nor change what
 * the program does with signals, so the signal is held back in this thread and taken out
 * afterwards. */
static CURLcode perform(CURL *curl)
{
    sigset_t pipe_only, before, pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    sigpending(&pending);
    const int was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    const CURLcode code = curl_easy_perform(curl);
    const struct timespec at_once = {0, 0};
    while (!was_pending && sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR) continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

/* "host:port" of the address, for messages. */
static void host_of(const char *url, char *host, size_t bytes)
{
    const char *const scheme = strstr(url, "://");
    const char *start = scheme != NULL ? scheme + 3 : url;
    size_t length = strcspn(start, "/?#");
    const char *const user = memchr(start, '@', length); /* never show a password */
    if (user != NULL) {
        length -= (size_t)(user + 1 - start);
        start = user + 1;
    }
    snprintf(host, bytes, "%.*s", (int)(length < bytes ? length : bytes - 1), start);
}

static int64_t part_bytes(const transfer *job)
{
    struct stat about;
    return fstat(job->part, &about) == 0 ? (int64_t)about.st_size : 0;
}

static nmf_status explain(const transfer *job, CURLcode code, nmf_error *error)
{
    const nmfi_download_request *const request = job->request;
    const char *const reason = job->reason[0] != '\0' ? job->reason : curl_easy_strerror(code);
    const int64_t done = part_bytes(job);
    char host[128];
    host_of(request->url, host, sizeof host);
    if (job->too_large || code == CURLE_FILESIZE_EXCEEDED)
        return nmf_fail(error, NMF_ERROR_NETWORK,
                        "%s sends more than the %" PRId64
                        " bytes that the file can have; what came "
                        "was discarded",
                        host, request->most_bytes);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        return nmf_fail(
            error, NMF_ERROR_INTERRUPTED,
            "the download was stopped after %" PRId64 " bytes; the next one goes on there", done);
    if (code == CURLE_WRITE_ERROR && job->write_errno != 0)
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", request->part_path,
                        strerror(job->write_errno));
    if (answer_of(job) == 0)
        return nmf_fail(error, NMF_ERROR_NETWORK, "could not reach %s: %s%s", host, reason,
                        request->hint);
    return nmf_fail(error, NMF_ERROR_NETWORK,
                    "the download from %s broke off after %" PRId64
                    " bytes: %s; the next one goes on there",
                    host, done, reason);
}

/* One request. *complete: 1 if the server said that all has come, 0 if the part should be
 * discarded. */
static nmf_status send_request(transfer *job, int *complete, nmf_error *error)
{
    *complete = 0;
    job->received = 0;
    job->curl = curl_easy_init();
    if (job->curl == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "libcurl cannot be started");
    set_options(job);
    const CURLcode code = perform(job->curl);
    const long answer = answer_of(job);
    nmf_status status = NMF_OK;
    if (code != CURLE_OK)
        status = explain(job, code, error);
    else if (answer == 200 || answer == 206)
        *complete = 1;
    else if (answer != 416 || job->offset == 0) /* 416: the part is longer than the file */
        status = nmf_fail(error, NMF_ERROR_NETWORK, "%s answers %ld instead of the file",
                          job->request->url, answer);
    curl_easy_cleanup(job->curl);
    job->curl = NULL;
    return status;
}

static nmf_status verify(const nmfi_download_request *request, int *right,
                         char found[NMFI_SHA256_TEXT_BYTES], nmf_error *error)
{
    const nmf_status status = nmfi_sha256_file(request->part_path, found, error);
    *right = status == NMF_OK && strcasecmp(found, request->sha256) == 0;
    return status;
}

static nmf_status discard(const transfer *job, nmf_error *error)
{
    if (ftruncate(job->part, 0) == 0 && lseek(job->part, 0, SEEK_SET) == 0) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be emptied: %s", job->request->part_path,
                    strerror(errno));
}

/* Goes on with what is there and verifies; begins again, once, if what was there was wrong. */
static nmf_status fill_part(transfer *job, nmf_error *error)
{
    const nmfi_download_request *const request = job->request;
    char found[NMFI_SHA256_TEXT_BYTES] = "";
    for (;;) {
        int right = 0;
        job->offset = (int64_t)lseek(job->part, 0, SEEK_END);
        nmf_status status = job->offset > 0 ? verify(request, &right, found, error) : NMF_OK;
        if (status != NMF_OK || right) return status;
        int complete;
        status = send_request(job, &complete, error);
        if (status == NMF_OK && complete) status = verify(request, &right, found, error);
        if (status != NMF_OK || right) return status;
        const int continued = !complete || job->offset > 0;
        status = discard(job, error);
        if (status != NMF_OK) return status;
        if (!continued)
            return nmf_fail(error, NMF_ERROR_NETWORK,
                            "%s gave another file, discarded: its sha256 is %s, not %s",
                            request->url, found, request->sha256);
    }
}

/* Called once: curl_global_init is not thread-safe in every version. */
static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static nmf_status lock_part(const transfer *job, nmf_error *error)
{
    if (flock(job->part, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return NMF_OK; /* a file system without locks is no reason to refuse */
    return nmf_fail(error, NMF_ERROR_FILE, "%s: another process is downloading it",
                    job->request->part_path);
}

nmf_status nmfi_download(const nmfi_download_request *request, nmf_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    transfer job = {.request = request};
    /* Trap: through a link in a directory that others can write to it would write anywhere. */
    job.part = open(request->part_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (job.part < 0 && errno == ELOOP)
        return nmf_fail(error, NMF_ERROR_FILE,
                        "%s: is a link; the download goes through none: remove it",
                        request->part_path);
    if (job.part < 0)
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", request->part_path,
                        strerror(errno));
    nmf_status status = lock_part(&job, error);
    if (status == NMF_OK) {
        status = fill_part(&job, error);
        if (job.too_large) (void)discard(&job, NULL);
        if (status != NMF_OK && part_bytes(&job) == 0)
            unlink(request->part_path); /* nothing to go on with */
    }
    close(job.part);
    return status;
}

extern NMF_API const nmfi_download_room nmf_plugin_download;
const nmfi_download_room nmf_plugin_download = {nmfi_download};
