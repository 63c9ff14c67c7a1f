# What the libraries stand on, found through pkg-config. The core needs LAPACK and threads, nothing else;
# every file format and picture library belongs to nmfkit-io. The Debian packages: scripts/packages.txt.
# Sets tests_by_default: who only wants to use nmfkit need not have what its tests need.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

# Whichever BLAS and LAPACK the system has chosen (OpenBLAS, the reference one, ...) serves.
pkg_check_modules(nmfkit_core_needs REQUIRED IMPORTED_TARGET lapacke lapack blas)
pkg_check_modules(nmfkit_io_needs REQUIRED IMPORTED_TARGET
  libpng libjpeg libzip zlib liblzma libzstd libcrypto libcjson)
# Of the rooms that are plug-ins (io/files/plugin.h).
pkg_check_modules(nmfkit_hdf5_needs REQUIRED IMPORTED_TARGET hdf5)
pkg_check_modules(nmfkit_download_needs REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(nmfkit_draw_needs REQUIRED IMPORTED_TARGET cairo pangocairo)

# The plug-in for several processes is built where there is an MPI: the pkg-config module of one.
set(NMFKIT_MPI "ompi-c" CACHE STRING "MPI of libnmfkit-mpi: ompi-c (Open MPI), mpich, another module; OFF")
if(NMFKIT_MPI)
  pkg_check_modules(nmfkit_mpi_needs QUIET IMPORTED_TARGET ${NMFKIT_MPI})
  if(NOT nmfkit_mpi_needs_FOUND)
    message(STATUS "no ${NMFKIT_MPI}: libnmfkit-mpi is not built")
  endif()
  if(NOT NMFKIT_MPI STREQUAL "mpich") # beside the one that is installed: the tests try the other too
    pkg_check_modules(nmfkit_mpich_needs QUIET IMPORTED_TARGET mpich)
  endif()
endif()

pkg_check_modules(nmfkit_test_needs QUIET IMPORTED_TARGET cmocka fontconfig)
set(tests_by_default OFF)
if(PROJECT_IS_TOP_LEVEL AND nmfkit_test_needs_FOUND)
  set(tests_by_default ON)
endif()
