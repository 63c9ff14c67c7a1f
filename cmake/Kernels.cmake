# The arithmetic of src/kernel/: kernel_f32.c and kernel_f64.c are compiled once for each instruction
# set, everything else there once. Which variant runs is decided in the running process, never here.

# Trap: never -ffast-math. It lets the compiler assume that NaN and infinity do not happen (the
# validation exists to find them) and reorder sums (the results must not depend on the build's mood).
# -Wno-psabi: wide vectors pass between functions of one object only, so their ABI is nobody's business.
# -g1, lines without variables: where these are in unrolled code takes the compiler a third of its time to say.
set(kernel_options -O3 -fno-math-errno -fno-trapping-math -Wno-psabi -g1)

# An operation on vectors that the instruction set has not is done entry by entry, ten times as slowly: gcc says so,
# and scripts/check_vectors looks at what came out, whatever the compiler.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  list(APPEND kernel_options -Wvector-operation-performance)
endif()

# The bodies for each instruction set are never instrumented: they are unrolled so far that a sanitizer's checks take
# the compiler a quarter of an hour. What they read and write is checked by the kernel tests, which place every array
# against a page that nobody may touch.
set(kernel_sanitizer_options -fno-sanitize=all)

# So a build with a sanitizer may take them from another build of the same sources, which is what takes a
# build most of its time.
set(NMFKIT_KERNELS_OF "" CACHE PATH "A build directory whose compiled kernels are taken (see cmake/Kernels.cmake)")

# nmfkit_kernel(TARGET SOURCE...): kernels use the compilers' vector extensions, hence gnu11.
function(nmfkit_kernel target)
  nmfkit_objects(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES C_EXTENSIONS ON)
  target_compile_options(${target} PRIVATE ${kernel_options})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  if(NMFKIT_FUZZ) # what is fuzzed are readers
    target_compile_options(${target} PRIVATE -fno-sanitize=all -O1)
  elseif(NMFKIT_SANITIZE AND NOT target STREQUAL "nmfkit_kernel")
    target_compile_options(${target} PRIVATE ${kernel_sanitizer_options})
  endif()
endfunction()

file(GLOB kernel_sources CONFIGURE_DEPENDS src/kernel/*.c)
list(FILTER kernel_sources EXCLUDE REGEX "/kernel_f(32|64)\\.c$")
nmfkit_kernel(nmfkit_kernel ${kernel_sources})
set(kernel_objects nmfkit_kernel)

set(kernel_isas portable)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  list(APPEND kernel_isas avx2 avx512)
endif()
set(kernel_flags_portable "")
set(kernel_flags_avx2 -mavx2 -mfma)
set(kernel_flags_avx512 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512)

foreach(isa ${kernel_isas})
  if(NMFKIT_KERNELS_OF)
    add_library(nmfkit_kernel_${isa} OBJECT IMPORTED GLOBAL)
    set(compiled ${NMFKIT_KERNELS_OF}/CMakeFiles/nmfkit_kernel_${isa}.dir/src/kernel)
    set_target_properties(nmfkit_kernel_${isa} PROPERTIES
      IMPORTED_OBJECTS "${compiled}/kernel_f32.c.o;${compiled}/kernel_f64.c.o")
  else()
    nmfkit_kernel(nmfkit_kernel_${isa} src/kernel/kernel_f32.c src/kernel/kernel_f64.c)
    target_compile_definitions(nmfkit_kernel_${isa} PRIVATE NMFI_ISA=${isa})
    target_compile_options(nmfkit_kernel_${isa} PRIVATE ${kernel_flags_${isa}})
  endif()
  list(APPEND kernel_objects nmfkit_kernel_${isa})
endforeach()
