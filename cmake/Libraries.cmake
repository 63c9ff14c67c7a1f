# libnmfkit (src/, arithmetic only) and libnmfkit-io (io/ and render/, on the public API), each shared and
# static. The objects are compiled once; the static archives also carry the internal nmfi_ symbols, which
# is what the unit tests link.

# nmfkit_objects(TARGET SOURCE...): one object library with the project's settings.
function(nmfkit_objects target)
  add_library(${target} OBJECT ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE nmfkit_compiler Threads::Threads)
endfunction()

# nmfkit_library(NAME OBJECTS... NEEDS...): libNAME.so and libNAME.a. The SONAME is libNAME.so.0.MINOR until
# 1.0, since a minor version may change the interface till then, and libNAME.so.MAJOR from there on.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(soversion 0.${PROJECT_VERSION_MINOR})
else()
  set(soversion ${PROJECT_VERSION_MAJOR})
endif()
function(nmfkit_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "OBJECTS;NEEDS")
  list(TRANSFORM arg_OBJECTS REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  add_library(${name} SHARED ${arg_OBJECTS})
  add_library(${name}-static STATIC ${arg_OBJECTS})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  set_target_properties(${name}-static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME ${name})
  foreach(target ${name} ${name}-static)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE ${arg_NEEDS} m)
  endforeach()
  if(NOT NMFKIT_SANITIZE AND NOT NMFKIT_FUZZ) # sanitizers leave their runtime to the executable
    target_link_options(${name} PRIVATE LINKER:--no-undefined LINKER:--as-needed)
  endif()
endfunction()

# --- the core -------------------------------------------------------------------------------------
file(GLOB core_sources CONFIGURE_DEPENDS src/*/*.c)
list(FILTER core_sources EXCLUDE REGEX "/src/kernel/")
nmfkit_objects(nmfkit_core ${core_sources})
set_source_files_properties(src/base/status.c PROPERTIES
  COMPILE_DEFINITIONS NMFKIT_VERSION="${PROJECT_VERSION}") # and no other: a release compiles one file anew
target_include_directories(nmfkit_core PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(nmfkit_core PRIVATE PkgConfig::nmfkit_core_needs)

include(Kernels) # sets kernel_objects
nmfkit_library(nmfkit
  OBJECTS nmfkit_core ${kernel_objects}
  NEEDS PkgConfig::nmfkit_core_needs Threads::Threads)
add_library(nmfkit::nmfkit ALIAS nmfkit)

# --- files and pictures ---------------------------------------------------------------------------
file(GLOB io_sources CONFIGURE_DEPENDS io/*.c io/*/*.c render/*.c)
include(Report) # sets report_source
nmfkit_objects(nmfkit_io ${io_sources} ${report_source})
target_include_directories(nmfkit_io PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(nmfkit_io PRIVATE PkgConfig::nmfkit_io_needs)
nmfkit_library(nmfkit-io
  OBJECTS nmfkit_io
  NEEDS PkgConfig::nmfkit_io_needs)
target_link_libraries(nmfkit-io PUBLIC nmfkit)
target_link_libraries(nmfkit-io-static PUBLIC nmfkit-static)
add_library(nmfkit::io ALIAS nmfkit-io)

# --- several processes ----------------------------------------------------------------------------
# libnmfkit-mpi: the communicator by MPI, loaded by nmf when mpirun starts it. Nothing else knows MPI.
if(nmfkit_mpi_needs_FOUND)
  add_library(nmfkit-mpi SHARED mpi/comm_mpi.c)
  target_link_libraries(nmfkit-mpi PUBLIC nmfkit PRIVATE nmfkit_compiler PkgConfig::nmfkit_mpi_needs)
  set_target_properties(nmfkit-mpi PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  add_library(nmfkit::mpi ALIAS nmfkit-mpi)
endif()
