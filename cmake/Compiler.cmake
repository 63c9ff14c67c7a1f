# The language, the warnings and the instrumentation that everything here is compiled with.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden) # NMF_API marks what leaves a library
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(nmfkit_compiler INTERFACE)
# Plain C11 hides POSIX; this shows it in every file the same way.
target_compile_definitions(nmfkit_compiler INTERFACE
  _POSIX_C_SOURCE=200809L _DEFAULT_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(nmfkit_compiler INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
  $<$<BOOL:${NMFKIT_WERROR}>:-Werror>)

# Instrumentation changes the ABI of nothing but must reach every object and every link.
if(NMFKIT_SANITIZE)
  add_compile_options(-fsanitize=${NMFKIT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${NMFKIT_SANITIZE})
endif()
if(NMFKIT_COVERAGE)
  add_compile_options(--coverage -fprofile-abs-path -fprofile-update=atomic) # atomic: workers count too
  add_link_options(--coverage)
endif()
if(NMFKIT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
