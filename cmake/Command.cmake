# The command nmf, an ordinary user of the two shared libraries, and what it says about itself: its manual
# pages and the completion for three shells are printed by the program from its own tables. Section 3 of
# the manual is made from the headers.

file(GLOB cli_sources CONFIGURE_DEPENDS cli/*.c)
add_executable(nmf ${cli_sources})
target_link_libraries(nmf PRIVATE nmfkit_compiler nmfkit nmfkit-io ${CMAKE_DL_LIBS} m)
add_dependencies(nmf nmfkit-plugins)
if(TARGET nmfkit-mpi) # which it loads when it is started as one of several processes
  add_dependencies(nmf nmfkit-mpi)
endif()
file(RELATIVE_PATH bin_to_lib /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
set_target_properties(nmf PROPERTIES
  INSTALL_RPATH "$ORIGIN/${bin_to_lib};$ORIGIN/../lib") # below any prefix, and in a wheel, it finds its libraries

find_program(NMFKIT_PYTHON python3 HINTS /usr/bin) # the system's: it has the distribution's numpy
set(pages ${PROJECT_BINARY_DIR}/man)
set(completions ${PROJECT_BINARY_DIR}/completions)

if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "nmf cannot run here: no manual pages of the commands and no completion")
else()
  add_custom_command(OUTPUT ${pages}/man1/nmf.1 ${completions}/nmf.bash
    COMMAND ${CMAKE_COMMAND} -DNMF=$<TARGET_FILE:nmf> -DPAGES=${pages}/man1 -DCOMPLETIONS=${completions}
            -P ${PROJECT_SOURCE_DIR}/cmake/Print.cmake
    DEPENDS nmf cmake/Print.cmake VERBATIM)
  add_custom_target(manual ALL DEPENDS ${pages}/man1/nmf.1)
endif()

if(NMFKIT_PYTHON)
  file(GLOB public_headers CONFIGURE_DEPENDS include/nmfkit/*)
  add_custom_command(OUTPUT ${pages}/man3/nmfkit.3
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages}/man3
    COMMAND ${NMFKIT_PYTHON} ${PROJECT_SOURCE_DIR}/scripts/make_man3 ${PROJECT_SOURCE_DIR}/include/nmfkit
            ${pages}/man3 ${PROJECT_VERSION}
    DEPENDS ${public_headers} scripts/make_man3 VERBATIM)
  add_custom_target(manual_of_functions ALL DEPENDS ${pages}/man3/nmfkit.3)
else()
  message(STATUS "no python3: no manual pages of the C functions")
endif()
