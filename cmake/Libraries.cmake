# libnmfkit (src/, arithmetic only) and libnmfkit-io (io/ and render/, on the public API), each shared and
# static. The objects are compiled once; the static archives also carry the internal nmfi_ symbols, which
# is what the unit tests link.

# nmfkit_objects(TARGET SOURCE...): one object library with the project's settings.
function(nmfkit_objects target)
  add_library(${target} OBJECT ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${target} PRIVATE nmfkit_compiler Threads::Threads)
endfunction()

# nmfkit_link_whole(TARGET): a name that no library it is linked to exports ends the link, not a user's run.
function(nmfkit_link_whole target)
  if(NOT NMFKIT_SANITIZE AND NOT NMFKIT_FUZZ) # sanitizers leave their runtime to the executable
    target_link_options(${target} PRIVATE LINKER:--no-undefined LINKER:--as-needed)
  endif()
endfunction()

# nmfkit_library(NAME OBJECTS... SHARED_OBJECTS... STATIC_OBJECTS... NEEDS...): libNAME.so and libNAME.a. The SONAME is libNAME.so.0.MINOR until
# 1.0, since a minor version may change the interface till then, and libNAME.so.MAJOR from there on.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(soversion 0.${PROJECT_VERSION_MINOR})
else()
  set(soversion ${PROJECT_VERSION_MAJOR})
endif()
function(nmfkit_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "OBJECTS;SHARED_OBJECTS;STATIC_OBJECTS;NEEDS")
  foreach(objects arg_OBJECTS arg_SHARED_OBJECTS arg_STATIC_OBJECTS)
    list(TRANSFORM ${objects} REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>")
  endforeach()
  add_library(${name} SHARED ${arg_OBJECTS} ${arg_SHARED_OBJECTS})
  add_library(${name}-static STATIC ${arg_OBJECTS} ${arg_STATIC_OBJECTS})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  set_target_properties(${name}-static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME ${name})
  foreach(target ${name} ${name}-static)
    target_include_directories(${target} INTERFACE
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PRIVATE ${arg_NEEDS} m)
  endforeach()
  nmfkit_link_whole(${name})
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
# Rooms that need large libraries are plug-ins of the shared library and part of the static one (io/files/plugin.h):
# NAME FOLDER; what each needs is nmfkit_NAME_needs.
set(plugins hdf5 download draw)
set(plugin_folder_hdf5 io/hdf5)
set(plugin_folder_download io/download)
set(plugin_folder_draw render/draw)
set(plugin_dir nmfkit-${PROJECT_VERSION}) # beside libnmfkit-io; of this version and no other

file(GLOB io_sources CONFIGURE_DEPENDS io/*.c io/*/*.c render/*.c)
list(FILTER io_sources EXCLUDE REGEX "/io/(hdf5|download)/|/plugin(_loaded|s_linked)\\.c$")
include(Report) # sets report_source
function(nmfkit_io_objects target)
  nmfkit_objects(${target} ${ARGN})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
nmfkit_io_objects(nmfkit_io ${io_sources} ${report_source})
target_link_libraries(nmfkit_io PRIVATE PkgConfig::nmfkit_io_needs)
set(io_needs PkgConfig::nmfkit_io_needs)
foreach(plugin ${plugins})
  file(GLOB sources CONFIGURE_DEPENDS ${plugin_folder_${plugin}}/*.c)
  nmfkit_io_objects(nmfkit_${plugin} ${sources})
  target_link_libraries(nmfkit_${plugin} PRIVATE PkgConfig::nmfkit_${plugin}_needs)
  list(APPEND plugin_objects nmfkit_${plugin})
  list(APPEND plugin_needs PkgConfig::nmfkit_${plugin}_needs)
endforeach()
nmfkit_io_objects(nmfkit_plugin_loaded io/files/plugin_loaded.c)
target_compile_definitions(nmfkit_plugin_loaded PRIVATE NMFKIT_PLUGINS="${plugin_dir}")
nmfkit_io_objects(nmfkit_plugins_linked io/plugins_linked.c)

nmfkit_library(nmfkit-io
  OBJECTS nmfkit_io
  SHARED_OBJECTS nmfkit_plugin_loaded
  STATIC_OBJECTS nmfkit_plugins_linked ${plugin_objects}
  NEEDS PkgConfig::nmfkit_io_needs)
target_link_libraries(nmfkit-io PUBLIC nmfkit PRIVATE ${CMAKE_DL_LIBS})
target_link_libraries(nmfkit-io-static PUBLIC nmfkit-static PRIVATE ${plugin_needs})
add_library(nmfkit::io ALIAS nmfkit-io)

add_custom_target(nmfkit-plugins) # for what is run in the build folder
foreach(plugin ${plugins})
  add_library(nmfkit-${plugin} MODULE $<TARGET_OBJECTS:nmfkit_${plugin}>)
  target_link_libraries(nmfkit-${plugin} PRIVATE nmfkit-io PkgConfig::nmfkit_${plugin}_needs m)
  set_target_properties(nmfkit-${plugin} PROPERTIES LINKER_LANGUAGE C PREFIX "" SUFFIX .so OUTPUT_NAME ${plugin}
    LIBRARY_OUTPUT_DIRECTORY $<TARGET_FILE_DIR:nmfkit-io>/${plugin_dir})
  nmfkit_link_whole(nmfkit-${plugin})
  add_dependencies(nmfkit-plugins nmfkit-${plugin})
endforeach()

# --- several processes ----------------------------------------------------------------------------
# libnmfkit-mpi: the communicator by MPI, loaded by nmf when mpirun starts it. Nothing else knows MPI.
if(nmfkit_mpi_needs_FOUND)
  add_library(nmfkit-mpi SHARED mpi/comm_mpi.c)
  target_link_libraries(nmfkit-mpi PUBLIC nmfkit PRIVATE nmfkit_compiler PkgConfig::nmfkit_mpi_needs)
  set_target_properties(nmfkit-mpi PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${soversion})
  nmfkit_link_whole(nmfkit-mpi)
  add_library(nmfkit::mpi ALIAS nmfkit-mpi)
endif()
