/* See together.h. Whether there are several processes is told by the variables that launchers set for
 * each. */
#include "together.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <limits.h>
#include <nmfkit/comm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN "libnmfkit-mpi.so"

/* Open MPI; MPICH, Intel MPI and others started by hydra or by PMI; MVAPICH; a step of Slurm's srun. */
static const struct {
    const char *size, *rank;
} launchers[] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                 {"PMI_SIZE", "PMI_RANK"},
                 {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
                 {"SLURM_STEP_NUM_TASKS", "SLURM_PROCID"}};

static const nmf_comm *comm; /* NULL until joined */
static void (*close_mpi)(void);
static char kept[NMF_MESSAGE_BYTES + 64];

static int64_t number_of(const char *variable)
{
    const char *const text = getenv(variable);
    char *end = NULL;
    const long long number = text != NULL ? strtoll(text, &end, 10) : -1;
    return text != NULL && end != text && *end == '\0' && number >= 0 ? (int64_t)number : -1;
}

/* Of the launcher that says there are most. */
static int64_t told(int wants_rank)
{
    int64_t size = 1, rank = 0;
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
        const int64_t here = number_of(launchers[i].size), own = number_of(launchers[i].rank);
        if (here <= size || own < 0) continue;
        size = here;
        rank = own;
    }
    return wants_rank ? rank : size;
}

int64_t cli_together_size(void)
{
    return told(0);
}

int64_t cli_together_rank(void)
{
    return told(1);
}

int cli_together_speaks(void)
{
    return cli_together_rank() == 0;
}

int cli_together_joined(void)
{
    return comm != NULL;
}

static nmf_status no_plugin(const char *why, nmf_error *error)
{
    return nmf_fail(
        error, NMF_ERROR_UNSUPPORTED,
        "started as %" PRId64 " processes, which share one fit by the plug-in " PLUGIN
        "; it cannot be loaded (%s); without it start nmf alone, it uses all processors",
        cli_together_size(), why);
}

/* Beside the library that this program runs with, of the same version; else where the system looks. */
static void *load(void)
{
    const char *const asked = getenv("NMFKIT_MPI_LIBRARY");
    if (asked != NULL && asked[0] != '\0') return dlopen(asked, RTLD_NOW | RTLD_GLOBAL);
    char name[64];
    int length = 0; /* of "0.2" in "0.2.0" */
    const char *const version = nmf_version();
    const int dots = version[0] == '0' ? 2 : 1;
    for (int dot = 0; version[length] != '\0' && (version[length] != '.' || ++dot < dots);)
        length++;
    snprintf(name, sizeof name, PLUGIN ".%.*s", length, version);
    return dlopen(name, RTLD_NOW | RTLD_GLOBAL);
}

/* A pointer to a function by way of memory: C has no conversion from one to data. */
static int find(void *library, const char *name, void *function, size_t bytes)
{
    void *const symbol = dlsym(library, name);
    memcpy(function, &symbol, bytes);
    return symbol != NULL;
}

static nmf_status open_plugin(nmf_comm *described, nmf_error *error)
{
    nmf_status (*open_mpi)(nmf_comm *, nmf_error *) = NULL;
    void *const library = load();
    if (library == NULL) return no_plugin(dlerror(), error);
    if (!find(library, "nmf_mpi_open", &open_mpi, sizeof open_mpi) ||
        !find(library, "nmf_mpi_close", &close_mpi, sizeof close_mpi))
        return no_plugin("it lacks nmf_mpi_open", error);
    return open_mpi(described, error);
}

nmf_status cli_together_join(nmf_error *error)
{
    nmf_comm described = {0};
    if (cli_together_size() == 1 || comm != NULL) return NMF_OK;
    nmf_status status = open_plugin(&described, error);
    if (status != NMF_OK) return status;
    if (described.size != cli_together_size())
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "the launcher started %" PRId64 " processes and the MPI of " PLUGIN
                        " sees %" PRId64
                        ": it was built for another MPI than the one of this mpirun",
                        cli_together_size(), described.size);
    status = nmf_comm_attach(&described, error);
    if (status != NMF_OK) return status;
    comm = nmf_comm_attached();
    if (!cli_together_speaks() && freopen("/dev/null", "w", stdout) == NULL)
        return nmf_fail(error, NMF_ERROR_FILE, "cannot open /dev/null");
    return NMF_OK;
}

nmf_status cli_together_same(int64_t number, const char *what, nmf_error *error)
{
    if (comm == NULL) return NMF_OK;
    const int64_t least = comm->least(comm->context, number);
    const int64_t most = -comm->least(comm->context, -number);
    if (least == most) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "the %" PRId64 " processes that share this were started with different %s",
                    comm->size, what);
}

nmf_status cli_together_agree(nmf_status status, nmf_error *error)
{
    if (comm == NULL) return status;
    nmf_error said = *error;
    const int64_t first = comm->least(comm->context, status != NMF_OK ? comm->rank : INT64_MAX);
    if (first == INT64_MAX) return NMF_OK;
    said.status = status;
    comm->broadcast(comm->context, first, &said, sizeof said);
    *error = said;
    return said.status;
}

void cli_together_keep(const char *sentence)
{
    snprintf(kept, sizeof kept, "%s", sentence);
}

void cli_together_end(int *code)
{
    static const double patience = 3,
                        for_ever = 1e9; /* seconds; the first writes while others wait */
    if (comm == NULL) return;
    fflush(stdout);
    if (!comm->all_here(comm->context, *code == 0 ? for_ever : patience)) {
        fputs(kept, stderr);
        comm->give_up(comm->context, *code);
    }
    const int64_t first = comm->least(comm->context, *code != 0 ? comm->rank : INT64_MAX);
    if (first == comm->rank) fputs(kept, stderr);
    *code = (int)-comm->least(comm->context, -*code);
    close_mpi();
}
