/* Fits made by several processes with MPI. Library libnmfkit-mpi; the command `nmf` loads it when it is
 * started by mpirun, other programs link it or let Python's nmfkit.mpi load it.
 *
 *   MPI_Init(&argc, &argv);
 *   nmf_mpi_attach(MPI_COMM_WORLD, &error);
 *   nmf_fit(X, &options, &model, &error);    every process, with the same arguments
 *
 * Include <mpi.h> before this header to have nmf_mpi_attach. */
#ifndef NMFKIT_MPI_H
#define NMFKIT_MPI_H

#include <nmfkit/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef MPI_VERSION
/* From now on this process shares its fits with those of `comm`, of which a duplicate is kept, so that
 * nothing the program sends meets what the library sends. MPI must have been initialized; one thread of
 * it is enough. All processes of `comm` call it. A process that was attached is so no longer to what it
 * was before. Errors: ARGUMENT (MPI not initialized, or the null communicator), UNSUPPORTED (processes
 * whose arithmetic differs: nmf_kernel). */
NMF_API NMF_MUST_CHECK nmf_status nmf_mpi_attach(MPI_Comm comm, nmf_error *error);
#endif

/* The same for languages that have the communicator's address: of an MPI_Comm of the MPI that this library
 * was built with (mpi4py: MPI._addressof(comm)). */
NMF_API NMF_MUST_CHECK nmf_status nmf_mpi_attach_at(const void *comm, nmf_error *error);

/* Alone again; all processes call it, before MPI_Finalize. */
NMF_API void nmf_mpi_detach(void);

/* The MPI that this library was built with: "Open MPI v4.1.4, ...". A static string. */
NMF_API const char *nmf_mpi_library(void);

/* Bytes that this process has sent so far, and its messages; a broadcast counts once for each process
 * that receives it, at the one it comes from. For looking at what an iteration costs (docs/scale.md). */
NMF_API void nmf_mpi_traffic(int64_t *bytes, int64_t *messages);

/* For the command: initializes MPI, and fills *comm with all processes that were started together,
 * without attaching it; ends MPI, which waits for the others. Errors: UNSUPPORTED. */
NMF_API NMF_MUST_CHECK nmf_status nmf_mpi_open(nmf_comm *comm, nmf_error *error);
NMF_API void nmf_mpi_close(void);

#ifdef __cplusplus
}
#endif
#endif
