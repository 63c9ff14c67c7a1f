/* Counts what a process sends, by MPI's profiling interface: every function that the plug-in may send by is
 * defined here and calls its PMPI_ twin. Linked into a program, where the plug-in finds them before MPI's own. A
 * broadcast counts once for each process that receives it, at the one it comes from; an agreement counts what each
 * process gives. */
#include "count_bytes.h"

#include <mpi.h>

static int64_t sent;

int64_t counted_bytes(void)
{
    return sent;
}

static void count(int entries, MPI_Datatype type, int receivers)
{
    int bytes = 0;
    PMPI_Type_size(type, &bytes);
    sent += (int64_t)entries * bytes * receivers;
}

static int others(MPI_Comm comm, int root)
{
    int rank = 0, size = 1;
    PMPI_Comm_rank(comm, &rank);
    PMPI_Comm_size(comm, &size);
    return rank == root ? size - 1 : 0;
}

int MPI_Isend(const void *data, int entries, MPI_Datatype type, int to, int tag, MPI_Comm comm,
              MPI_Request *request)
{
    count(entries, type, 1);
    return PMPI_Isend(data, entries, type, to, tag, comm, request);
}

int MPI_Send(const void *data, int entries, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
    count(entries, type, 1);
    return PMPI_Send(data, entries, type, to, tag, comm);
}

int MPI_Ibcast(void *data, int entries, MPI_Datatype type, int root, MPI_Comm comm,
               MPI_Request *request)
{
    count(entries, type, others(comm, root));
    return PMPI_Ibcast(data, entries, type, root, comm, request);
}

int MPI_Bcast(void *data, int entries, MPI_Datatype type, int root, MPI_Comm comm)
{
    count(entries, type, others(comm, root));
    return PMPI_Bcast(data, entries, type, root, comm);
}

int MPI_Iallreduce(const void *data, void *result, int entries, MPI_Datatype type, MPI_Op op,
                   MPI_Comm comm, MPI_Request *request)
{
    count(entries, type, 1);
    return PMPI_Iallreduce(data, result, entries, type, op, comm, request);
}

int MPI_Allreduce(const void *data, void *result, int entries, MPI_Datatype type, MPI_Op op,
                  MPI_Comm comm)
{
    count(entries, type, 1);
    return PMPI_Allreduce(data, result, entries, type, op, comm);
}
