# What `make install` gives: libraries, headers, the command, the manual, completion for three shells, the
# Python package, documents and examples, pkg-config files and a CMake package. None minds if the installed
# tree is moved. share/nmfkit/installed.txt lists it all for `make uninstall`.

include(CMakePackageConfigHelpers)
set(NMFKIT_PYTHON_INSTALL_DIR "" CACHE STRING
    "Where the Python package goes, below the prefix; empty: where its python3 looks, asked at install time")
set(bash_completion_dir ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
set(zsh_completion_dir ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
set(fish_completion_dir ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nmfkit)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(cmake/InstallBegin.cmake.in InstallBegin.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/InstallBegin.cmake) # before all others

# --- libraries, headers, the command --------------------------------------------------------------
set_target_properties(nmfkit-io PROPERTIES EXPORT_NAME io INSTALL_RPATH "$ORIGIN")
install(TARGETS nmfkit nmfkit-io EXPORT nmfkitTargets)
foreach(plugin ${plugins})
  set_target_properties(nmfkit-${plugin} PROPERTIES INSTALL_RPATH "$ORIGIN/..")
  install(TARGETS nmfkit-${plugin} DESTINATION ${CMAKE_INSTALL_LIBDIR}/${plugin_dir})
endforeach()
if(TARGET nmfkit-mpi)
  set_target_properties(nmfkit-mpi PROPERTIES EXPORT_NAME mpi INSTALL_RPATH "$ORIGIN")
  install(TARGETS nmfkit-mpi)
endif()
install(TARGETS nmfkit-static nmfkit-io-static) # for pkg-config --static
install(DIRECTORY include/nmfkit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nmf)

# --- manual, completion, documents ----------------------------------------------------------------
if(TARGET manual)
  install(DIRECTORY ${pages}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
  install(FILES ${completions}/nmf.bash RENAME nmf DESTINATION ${bash_completion_dir})
  install(FILES ${completions}/_nmf DESTINATION ${zsh_completion_dir})
  install(FILES ${completions}/nmf.fish DESTINATION ${fish_completion_dir})
endif()
if(TARGET manual_of_functions)
  install(DIRECTORY ${pages}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR})
endif()
install(FILES README.md README.zh-CN.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.png" PATTERN "*.svg")
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.c")

# --- Python package: plain files, which find the library below the same prefix --------------------
configure_file(python/METADATA.in python/METADATA @ONLY)
install(SCRIPT cmake/InstallPython.cmake)

# --- CMake package --------------------------------------------------------------------------------
install(EXPORT nmfkitTargets NAMESPACE nmfkit:: DESTINATION ${package_dir})
configure_package_config_file(cmake/nmfkitConfig.cmake.in nmfkitConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(nmfkitConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nmfkitConfig.cmake ${PROJECT_BINARY_DIR}/nmfkitConfigVersion.cmake
        DESTINATION ${package_dir})

# --- pkg-config -----------------------------------------------------------------------------------
# Trap: not CMAKE_INSTALL_PREFIX. The prefix may be given at install time (cmake --install --prefix), when
# these files are already written; ${pcfiledir} is where the file finds itself.
file(RELATIVE_PATH to_prefix /prefix/${pkgconfig_dir} /prefix)
string(REGEX REPLACE "/$" "" to_prefix ${to_prefix})
set(PC_PREFIX "\${pcfiledir}/${to_prefix}")
set(PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
set(PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")

# nmfkit_pkgconfig(NAME DESCRIPTION REQUIRES LIBRARY...): NAME.pc; the libraries matter to static links only.
# Trap: they are not Requires.private. That would ask a static link for everything that curl and cairo were
# built from, of which Debian installs the shared libraries only.
function(nmfkit_pkgconfig name description requires)
  set(PC_NAME ${name})
  set(PC_DESCRIPTION ${description})
  set(PC_REQUIRES ${requires})
  list(JOIN ARGN " " PC_LIBS_PRIVATE)
  configure_file(nmfkit.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_dir})
endfunction()
nmfkit_pkgconfig(nmfkit "${PROJECT_DESCRIPTION}" "" ${nmfkit_core_needs_LDFLAGS} -lm -pthread)
nmfkit_pkgconfig(nmfkit-io "Files and pictures for nmfkit" "nmfkit = ${PROJECT_VERSION}"
  ${nmfkit_io_needs_LDFLAGS} ${nmfkit_hdf5_needs_LDFLAGS} ${nmfkit_download_needs_LDFLAGS} ${nmfkit_draw_needs_LDFLAGS} -lm)

install(SCRIPT cmake/InstallEnd.cmake) # after all others
