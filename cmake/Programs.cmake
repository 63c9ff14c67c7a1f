# Benchmarks (bench/bench_*.c) and examples (examples/*.c): each file one program that uses only the public
# headers and the shared libraries, as a stranger's program would. Examples are also tests.

function(nmfkit_program target directory)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE nmfkit_compiler nmfkit nmfkit-io m)
  add_dependencies(${target} nmfkit-plugins)
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${directory})
  if(NMFKIT_SANITIZE AND directory STREQUAL "bench") # nothing is measured there: built where somebody asks for it
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()

file(GLOB bench_sources CONFIGURE_DEPENDS bench/bench_*.c)
list(REMOVE_ITEM bench_sources ${PROJECT_SOURCE_DIR}/bench/bench_mpi.c) # below: it needs the plug-in
file(GLOB bench_helpers CONFIGURE_DEPENDS bench/*.c)
list(FILTER bench_helpers EXCLUDE REGEX "/bench_[^/]*\\.c$")
foreach(source ${bench_sources})
  cmake_path(GET source STEM name)
  nmfkit_program(${name} bench ${source} ${bench_helpers})
endforeach()

if(TARGET nmfkit-mpi)
  nmfkit_program(bench_mpi bench bench/bench_mpi.c)
  target_link_libraries(bench_mpi PRIVATE nmfkit-mpi)
endif()

file(GLOB example_sources CONFIGURE_DEPENDS examples/*.c)
foreach(source ${example_sources})
  cmake_path(GET source STEM name)
  nmfkit_program(example_${name} examples ${source})
  if(COMMAND nmfkit_test AND NOT NMFKIT_TEST_LAUNCHER)
    nmfkit_test(example_${name} $<TARGET_FILE:example_${name}>)
  endif()
endforeach()
