# Tests are found by name:
#   tests/<area>/test_<name>.c   a cmocka program, ctest <area>_<name>; the area's other .c files are
#                                helpers linked to each of its tests
#   tests/<area>/test_<name>.sh  a shell script (sh), tests/<area>/test_<name>.py one for python3
# Programs link the static archives, so internal nmfi_ functions are within reach, and see the source
# root and src/ as include directories ("io/arrays/npy.h", "base/memory.h"). Every test runs in a scratch
# directory of its own with NMF (the command), NMFKIT_LIBRARY (where libnmfkit.so is), NMFKIT_SOURCE_DIR,
# NMFKIT_BUILD_DIR, NMFKIT_PYTHON and CC in the environment, and may exit with 77 to say that it was skipped.

if(NOT nmfkit_test_needs_FOUND)
  message(FATAL_ERROR "the tests need cmocka and fontconfig; -DNMFKIT_TESTS=OFF builds without them")
endif()
find_program(NMFKIT_PYTHON python3 HINTS /usr/bin REQUIRED) # the system's: it has the distribution's numpy

# What python3 must load before a libnmfkit.so with a sanitizer.
set(sanitizer_runtime "")
if(NMFKIT_SANITIZE MATCHES "address")
  execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libasan.so
    OUTPUT_VARIABLE sanitizer_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()

# What a sanitizer would take a quarter of an hour for and not change: how good fits are (other tests take the
# same ways with less data), documents, pages, speed, checks of the sources; and the kernels, which are never instrumented
# (cmake/Kernels.cmake): their arrays stand against pages that nobody may touch.
set(figures python_gallery mpi_bits mpi_bytes mpi_failures mpi_killed mpi_memory mpi_mpi4py mpi_mpich mpi_spread mpi_written
            docs_blocks report_page select_definitions ledger property_sketch python_news python_unmixing
            parity_divergence_f32 parity_jmm parity_numpy_pca
            parity_sklearn_mu parity_sklearn_nmf bench_bench io_generate_faces packaging_completion
            cli_readings property_same_bits property_working_memory property_environment cli_interrupt cli_bad_days cli_order python_minima docs_file_writers
            python_parity python_nmf python_pca python_gallery python_tutorials
            kernel_every_kernel kernel_hals kernel_products kernel_ratio kernel_reading kernel_sparse kernel_strip kernel_vectors
            kernel_weighted
            python_sklearn_own python_multiplicative
            cli_large scripts_floors scripts_headers packaging_checks packaging_run cli_values)

# Those that take longest, the longest first: they begin first, so that none is left running alone.
set(long_tests report_page docs_blocks cli_golden cli_large bench_bench mpi_bits packaging_install parity_divergence_f32 ledger mpi_failures
               property_divergence mpi_bytes property_sketch property_lines_source
               cli_checkpoint io_mat io_npz io_mtx property_same_bits parity_sklearn_mu cli_interrupt
               parity_sparse_files python_robust python_files cli_names python_minibatch python_weights)

# nmfkit_test(NAME COMMAND...): one ctest.
function(nmfkit_test name)
  if(NMFKIT_SANITIZE AND name IN_LIST figures)
    return()
  endif()
  set(scratch ${PROJECT_BINARY_DIR}/tests/scratch/${name})
  file(MAKE_DIRECTORY ${scratch})
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${scratch})
  set(environment NMF=$<TARGET_FILE:nmf> CC=${CMAKE_C_COMPILER}
                  NMFKIT_PYTHON=${NMFKIT_PYTHON} PYTHONDONTWRITEBYTECODE=1
                  NMFKIT_SOURCE_DIR=${PROJECT_SOURCE_DIR} NMFKIT_BUILD_DIR=${PROJECT_BINARY_DIR}
                  NMFKIT_LIBRARY=$<TARGET_FILE_DIR:nmfkit> NMFKIT_MPI=${NMFKIT_MPI}
                  OPENBLAS_NUM_THREADS=1) # its threads would only spin: we ask for one
  if(NMFKIT_SANITIZE)
    list(APPEND environment NMFKIT_SANITIZED=1)
  endif()
  if(name MATCHES "^(ledger|docs_blocks|report_)") # tests run side by side: their threads would wait for each other
    list(APPEND environment NMFKIT_NUM_THREADS=1)
  endif()
  # Leaks of the command are looked for by cli_golden: that takes half the time of a command that does little else.
  if(name MATCHES "^(cli|parity)_" AND NOT name STREQUAL "cli_golden" AND NMFKIT_SANITIZE MATCHES "address")
    list(APPEND environment ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0)
  endif()
  if(name MATCHES "^python_" AND sanitizer_runtime) # python3 itself has none, and leaks on purpose
    list(APPEND environment LD_PRELOAD=${sanitizer_runtime}
      ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0)
  endif()
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "${environment}" SKIP_RETURN_CODE 77 TIMEOUT 600)
  list(FIND long_tests ${name} place)
  if(place GREATER -1)
    math(EXPR cost "1000 - ${place}")
    set_tests_properties(${name} PROPERTIES COST ${cost})
  endif()
endfunction()

# A hundred programs are linked with the static archives: by the faster linker, where there is one.
include(CheckLinkerFlag)
check_linker_flag(C -fuse-ld=gold links_by_gold)

# nmfkit_test_target(TARGET): the settings of everything compiled below tests/.
function(nmfkit_test_target target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(${target} PRIVATE NMFKIT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE nmfkit_compiler nmfkit-io-static PkgConfig::nmfkit_test_needs
    PkgConfig::nmfkit_io_needs ${plugin_needs} PkgConfig::nmfkit_core_needs m)
  target_link_options(${target} PRIVATE $<$<BOOL:${links_by_gold}>:-fuse-ld=gold>)
endfunction()

# --- programs -------------------------------------------------------------------------------------
file(GLOB areas CONFIGURE_DEPENDS LIST_DIRECTORIES TRUE RELATIVE ${PROJECT_SOURCE_DIR}/tests tests/*)
list(REMOVE_ITEM areas fuzz packaging mpi)
foreach(area ${areas})
  file(GLOB programs CONFIGURE_DEPENDS tests/${area}/test_*.c)
  file(GLOB helpers CONFIGURE_DEPENDS tests/${area}/*.c)
  list(FILTER helpers EXCLUDE REGEX "/test_[^/]*\\.c$")
  set(support "")
  if(helpers)
    set(support test_${area}_helpers)
    add_library(${support} STATIC ${helpers})
    nmfkit_test_target(${support})
  endif()
  foreach(source ${programs})
    cmake_path(GET source STEM stem)
    string(REGEX REPLACE "^test_" "${area}_" name ${stem})
    add_executable(test_${name} ${source})
    target_link_libraries(test_${name} PRIVATE ${support}) # before the libraries it calls
    nmfkit_test_target(test_${name})
    set_target_properties(test_${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    if(NMFKIT_SANITIZE AND name IN_LIST figures) # built where somebody asks for it
      set_target_properties(test_${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
    endif()
    if(name STREQUAL "property_faults") # the library's allocations come to the test, which makes them fail
      target_link_options(test_${name} PRIVATE
        LINKER:--wrap=malloc,--wrap=calloc,--wrap=free,--wrap=pthread_create)
    endif()
    nmfkit_test(${name} ${NMFKIT_TEST_LAUNCHER} $<TARGET_FILE:test_${name}>)
  endforeach()
endforeach()

# Fits by several processes, which tests/mpi/test_bits.py starts: of the shared library, as the plug-in is.
if(TARGET nmfkit-mpi AND NOT NMFKIT_SANITIZE) # whose tests are among `figures`
  add_executable(test_mpi_fits tests/mpi/fits.c)
  target_link_libraries(test_mpi_fits PRIVATE nmfkit_compiler nmfkit ${CMAKE_DL_LIBS} m)
  add_dependencies(test_mpi_fits nmfkit-mpi)
  set_target_properties(test_mpi_fits PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  if(nmfkit_mpich_needs_FOUND) # the same plug-in by MPICH (tests/mpi/test_mpich.py)
    add_library(test_mpi_mpich MODULE mpi/comm_mpi.c)
    target_link_libraries(test_mpi_mpich PRIVATE nmfkit nmfkit_compiler PkgConfig::nmfkit_mpich_needs)
    set_target_properties(test_mpi_mpich PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  endif()
  # W written by several processes (tests/mpi/test_written.py).
  add_executable(test_mpi_written tests/mpi/written.c)
  target_link_libraries(test_mpi_written PRIVATE nmfkit_compiler nmfkit-io nmfkit ${CMAKE_DL_LIBS})
  add_dependencies(test_mpi_written nmfkit-mpi)
  set_target_properties(test_mpi_written PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  # What is sent, counted (tests/mpi/test_bytes.py): its functions stand in for MPI's.
  add_executable(test_mpi_sent tests/mpi/sent.c tests/mpi/count_bytes.c)
  target_link_libraries(test_mpi_sent PRIVATE nmfkit-mpi nmfkit nmfkit_compiler PkgConfig::nmfkit_mpi_needs m)
  set_target_properties(test_mpi_sent PROPERTIES
    C_VISIBILITY_PRESET default ENABLE_EXPORTS ON RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
endif()

# --- scripts: they run the command; a launcher such as valgrind is for compiled tests only ---------
if(NMFKIT_TEST_LAUNCHER)
  return()
endif()

nmfkit_test(scripts_floors ${NMFKIT_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/check_floors
  ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
nmfkit_test(scripts_headers ${PROJECT_SOURCE_DIR}/scripts/check_headers)
if(NOT NMFKIT_SANITIZE AND NOT NMFKIT_COVERAGE) # instrumentation exports names of its own
  nmfkit_test(scripts_symbols ${PROJECT_SOURCE_DIR}/scripts/check_symbols
    $<TARGET_FILE:nmfkit> $<TARGET_FILE:nmfkit-io> $<TARGET_FILE_DIR:nmfkit-io>/${plugin_dir})
  nmfkit_test(ledger ${NMFKIT_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/ledger --check $<TARGET_FILE:nmf>)
endif()

file(GLOB test_scripts CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
     tests/*/test_*.sh tests/*/test_*.py)
if(NMFKIT_SANITIZE OR NMFKIT_COVERAGE) # a stranger's program is not instrumented
  list(REMOVE_ITEM test_scripts tests/packaging/test_install.sh tests/packaging/test_debian.py)
endif()
if(NMFKIT_SANITIZE AND NOT sanitizer_runtime) # python3 is not instrumented either
  list(FILTER test_scripts EXCLUDE REGEX "^tests/python/")
endif()
foreach(source ${test_scripts})
  string(REGEX REPLACE "^tests/(.+)/test_(.+)\\.(sh|py)$" "\\1_\\2" name ${source})
  set(interpreter sh)
  if(source MATCHES "\\.py$")
    set(interpreter ${NMFKIT_PYTHON})
  endif()
  nmfkit_test(${name} ${interpreter} ${PROJECT_SOURCE_DIR}/${source})
endforeach()
