# One libFuzzer program for each tests/fuzz/fuzz_<name>.c; inputs to start from in
# tests/fuzz/corpus/<name>/. Run them with `make fuzz`.

if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "NMFKIT_FUZZ needs clang (libFuzzer), but the compiler is ${CMAKE_C_COMPILER}")
endif()
file(GLOB fuzz_sources CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
file(GLOB fuzz_helpers CONFIGURE_DEPENDS tests/fuzz/*.c)
list(FILTER fuzz_helpers EXCLUDE REGEX "/fuzz_[^/]*\\.c$")
foreach(source ${fuzz_sources})
  cmake_path(GET source STEM target)
  add_executable(${target} ${source} ${fuzz_helpers})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE nmfkit_compiler nmfkit-io-static PkgConfig::nmfkit_hdf5_needs m) # one makes files by HDF5
  target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
endforeach()
