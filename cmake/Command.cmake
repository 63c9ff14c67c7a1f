# The command nmf, an ordinary user of the two shared libraries, and what it says about itself: its
# manual page and its bash completion are printed by the program from its own tables.

file(GLOB cli_sources CONFIGURE_DEPENDS cli/*.c)
add_executable(nmf ${cli_sources})
target_compile_definitions(nmf PRIVATE NMFKIT_VERSION="${PROJECT_VERSION}")
target_link_libraries(nmf PRIVATE nmfkit_compiler nmfkit nmfkit-io m)
file(RELATIVE_PATH bin_to_lib /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${CMAKE_INSTALL_LIBDIR})
set_target_properties(nmf PROPERTIES
  INSTALL_RPATH "$ORIGIN/${bin_to_lib}") # an install under any prefix finds its libraries

if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "nmf cannot run here: no manual page and no bash completion")
else()
  set(manual ${PROJECT_BINARY_DIR}/man/nmf.1)
  set(completion ${PROJECT_BINARY_DIR}/completions/nmf)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man ${PROJECT_BINARY_DIR}/completions)
  add_custom_command(OUTPUT ${manual} COMMAND nmf help --man > ${manual} VERBATIM)
  add_custom_command(OUTPUT ${completion} COMMAND nmf help --completion > ${completion} VERBATIM)
  add_custom_target(manual ALL DEPENDS ${manual} ${completion})
  install(FILES ${manual} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${completion} DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
