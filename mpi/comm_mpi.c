/* The communicator contract (nmfkit/comm.h) by MPI. Counts beyond an int go in pieces; MPI's own sums are
 * not used, since their order is nobody's promise. */
#include <mpi.h>
#include <nmfkit/fit.h>
#include <nmfkit/mpi.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TAG = 1 };

/* Duplicates, so that nobody else's messages are in them; the second is for the end, where some processes
 * may be while others still send in the first. */
static MPI_Comm own = MPI_COMM_NULL, end = MPI_COMM_NULL;
static int64_t sent_bytes, sent_messages;

/* --- pieces ------------------------------------------------------------------------------------ */

/* The next piece of what is left, as MPI's int. */
static int piece_of(size_t left)
{
    enum { MOST = 1 << 30 };
    return left < MOST ? (int)left : MOST;
}

static void count(size_t bytes, int64_t receivers)
{
    sent_bytes += (int64_t)bytes * receivers;
    sent_messages += receivers;
}

static double now(void)
{
    struct timespec time = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Sleeps for a thirty-second of what was waited already, within bounds: who has waited long may be late by that, and a
 * processor that is looked at ten thousand times a second is not another's. */
static void nap(double waited, double least, double most)
{
    const double part = waited / 32, seconds = part < least ? least : part > most ? most : part;
    const struct timespec time = {0, (long)(1e9 * seconds)};
    nanosleep(&time, NULL);
}

/* How long who waits for a message looks for it, in seconds: at first without a pause, then leaving the processor to
 * others at each look, then asleep between looks. A message that is near takes some microseconds. Large ones go in
 * fragments that both sides must look after: several take no longer than two milliseconds. */
typedef struct patience {
    double spins, yields;
} patience;
static const patience with_room = {2e-4, 2e-3};
/* Where this machine has more processes than processors, who looks keeps another one from working. */
static const patience in_a_crowd = {2e-5, 2e-5};
static patience own_patience;

/* MPI's own waiting would spin for as long as it takes, and where others want the processor keep it for a time slice.
 * By the clock, since then one look may take as long as they do; who sleeps is let in again sooner than who yields. */
static void wait_for(MPI_Request *request)
{
    int done = 0;
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    for (const double began = done ? 0 : now(); !done;) {
        MPI_Test(request, &done, MPI_STATUS_IGNORE);
        const double waited = done ? 0 : now() - began;
        if (waited > own_patience.yields)
            nap(waited, 5e-5, 1e-3);
        else if (waited > own_patience.spins)
            sched_yield();
    }
}

static void send(void *context, int64_t to, const void *data, size_t bytes)
{
    (void)context;
    const char *at = data;
    count(bytes, 1);
    while (bytes > 0) {
        const int piece = piece_of(bytes);
        MPI_Request request;
        MPI_Isend(at, piece, MPI_BYTE, (int)to, TAG, own, &request);
        wait_for(&request);
        at += piece;
        bytes -= (size_t)piece;
    }
}

static void receive(void *context, int64_t from, void *data, size_t bytes)
{
    (void)context;
    char *at = data;
    while (bytes > 0) {
        const int piece = piece_of(bytes);
        MPI_Request request;
        MPI_Irecv(at, piece, MPI_BYTE, (int)from, TAG, own, &request);
        wait_for(&request);
        at += piece;
        bytes -= (size_t)piece;
    }
}

static int size_of(void)
{
    int size;
    MPI_Comm_size(own, &size);
    return size;
}

static int rank_of(void)
{
    int rank;
    MPI_Comm_rank(own, &rank);
    return rank;
}

static void broadcast(void *context, int64_t from, void *data, size_t bytes)
{
    (void)context;
    char *at = data;
    if (from == rank_of()) count(bytes, size_of() - 1);
    while (bytes > 0) {
        const int piece = piece_of(bytes);
        MPI_Request request;
        MPI_Ibcast(at, piece, MPI_BYTE, (int)from, own, &request);
        wait_for(&request);
        at += piece;
        bytes -= (size_t)piece;
    }
}

static int64_t least(void *context, int64_t value)
{
    (void)context;
    int64_t of_all;
    MPI_Request request;
    MPI_Iallreduce(&value, &of_all, 1, MPI_INT64_T, MPI_MIN, own, &request);
    wait_for(&request);
    return of_all;
}

/* --- ends -------------------------------------------------------------------------------------- */

static int all_here(void *context, double seconds)
{
    (void)context;
    const double began = now();
    MPI_Request request;
    int here = 0;
    MPI_Ibarrier(end, &request);
    MPI_Test(&request, &here, MPI_STATUS_IGNORE);
    for (double waited = 0; !here && waited < seconds; waited = now() - began) {
        nap(waited, 1e-3, 2e-2);
        MPI_Test(&request, &here, MPI_STATUS_IGNORE);
    }
    return here;
}

static void give_up(void *context, int code)
{
    (void)context;
    MPI_Abort(own, code);
    abort(); /* where MPI_Abort came back */
}

/* --- attaching --------------------------------------------------------------------------------- */

static nmf_comm describe(void)
{
    const nmf_comm comm = {.struct_bytes = sizeof comm,
                           .rank = rank_of(),
                           .size = size_of(),
                           .send = send,
                           .receive = receive,
                           .broadcast = broadcast,
                           .least = least,
                           .all_here = all_here,
                           .give_up = give_up};
    return comm;
}

static void drop(void)
{
    if (own != MPI_COMM_NULL) MPI_Comm_free(&own);
    if (end != MPI_COMM_NULL) MPI_Comm_free(&end);
}

/* Other kernels round otherwise: what each process computes for itself, as H, would not stay the same. */
static nmf_status check_kernels(nmf_error *error)
{
    const nmf_kernel_info mine = nmf_kernel();
    char first[sizeof mine.name];
    memcpy(first, mine.name, sizeof first);
    MPI_Bcast(first, (int)sizeof first, MPI_BYTE, 0, own);
    const int differs = strncmp(first, mine.name, sizeof first) != 0;
    if (least(NULL, -differs) == 0) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "the processes compute with different kernels (that of rank 0: %s): set "
                    "NMFKIT_KERNELS to one that all have",
                    first);
}

/* Of the processes that this machine has memory in common for. */
static int has_more_processes_than_processors(void)
{
    MPI_Comm here;
    int size = 1;
    if (MPI_Comm_split_type(own, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here) == MPI_SUCCESS) {
        MPI_Comm_size(here, &size);
        MPI_Comm_free(&here);
    }
    return size > sysconf(_SC_NPROCESSORS_ONLN);
}

static nmf_status take(MPI_Comm comm, nmf_error *error)
{
    drop();
    if (comm == MPI_COMM_NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the communicator is MPI_COMM_NULL");
    MPI_Comm_dup(comm, &own);
    MPI_Comm_dup(comm, &end);
    own_patience = has_more_processes_than_processors() ? in_a_crowd : with_room;
    const nmf_status status = check_kernels(error);
    if (status != NMF_OK) drop();
    return status;
}

nmf_status nmf_mpi_attach(MPI_Comm comm, nmf_error *error)
{
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (!initialized)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "MPI_Init comes before nmf_mpi_attach");
    nmf_mpi_detach();
    const nmf_status status = take(comm, error);
    if (status != NMF_OK) return status;
    const nmf_comm described = describe();
    return nmf_comm_attach(&described, error);
}

nmf_status nmf_mpi_attach_at(const void *comm, nmf_error *error)
{
    MPI_Comm handle;
    if (!comm) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the communicator's address is NULL");
    memcpy(&handle, comm, sizeof handle);
    return nmf_mpi_attach(handle, error);
}

void nmf_mpi_detach(void)
{
    const nmf_status status = nmf_comm_attach(NULL, NULL);
    (void)status; /* detaching does not fail */
    drop();
}

const char *nmf_mpi_library(void)
{
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    if (text[0] == '\0') MPI_Get_library_version(text, &length);
    text[strcspn(text, "\n,")] = '\0';
    return text;
}

void nmf_mpi_traffic(int64_t *bytes, int64_t *messages)
{
    *bytes = sent_bytes;
    *messages = sent_messages;
}

/* --- the command ------------------------------------------------------------------------------- */

nmf_status nmf_mpi_open(nmf_comm *comm, nmf_error *error)
{
    int initialized = 0;
    MPI_Initialized(&initialized);
    if (!initialized && MPI_Init(NULL, NULL) != MPI_SUCCESS)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "MPI could not be initialized");
    const nmf_status status = take(MPI_COMM_WORLD, error);
    if (status == NMF_OK) *comm = describe();
    return status;
}

void nmf_mpi_close(void)
{
    drop();
    MPI_Finalize();
}
