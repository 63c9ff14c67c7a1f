/* Counts what a process sends, by MPI's profiling interface: every function that the plug-in may send by is
 * defined here and calls its PMPI_ twin. Loaded before it (LD_PRELOAD); at MPI_Finalize one line on standard
 * error: "counted RANK BYTES MESSAGES". A broadcast counts once for each process that receives it, at the one it
 * comes from; an agreement counts what each process gives. */
#include <mpi.h>
#include <stdio.h>

static long long sent, messages;

static void count(int entries, MPI_Datatype type, int receivers)
{
    int bytes = 0;
    PMPI_Type_size(type, &bytes);
    sent += (long long)entries * bytes * receivers;
    messages += receivers;
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

int MPI_Finalize(void)
{
    int rank = 0;
    PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
    fprintf(stderr, "counted %d %lld %lld\n", rank, sent, messages);
    return PMPI_Finalize();
}
