# What `make install` gives: libraries, headers, the command (its manual page and completion are in
# Command.cmake), the Python package, pkg-config files and a CMake package. None minds if the installed tree
# is moved.

include(CMakePackageConfigHelpers)

# --- libraries, headers, the command --------------------------------------------------------------
set_target_properties(nmfkit-io PROPERTIES EXPORT_NAME io INSTALL_RPATH "$ORIGIN")
install(TARGETS nmfkit nmfkit-io EXPORT nmfkitTargets)
install(TARGETS nmfkit-static nmfkit-io-static) # for pkg-config --static
install(DIRECTORY include/nmfkit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(TARGETS nmf)

# --- Python package: plain files, which find the library below the same prefix --------------------
find_program(NMFKIT_PYTHON python3 HINTS /usr/bin)
set(python_dir "")
if(NMFKIT_PYTHON) # where it looks for what is installed below /usr/local
  execute_process(COMMAND ${NMFKIT_PYTHON} -c "import sysconfig; print(sysconfig.get_path('purelib'))"
    OUTPUT_VARIABLE python_path OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX MATCH "lib[^/]*/python.*" python_dir "${python_path}")
endif()
if(NOT python_dir)
  set(python_dir lib/python3/dist-packages)
endif()
set(NMFKIT_PYTHON_DIR ${python_dir} CACHE STRING "Where the Python package goes, below the prefix")
install(DIRECTORY python/nmfkit DESTINATION ${NMFKIT_PYTHON_DIR} FILES_MATCHING PATTERN "*.py")

# --- CMake package --------------------------------------------------------------------------------
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nmfkit)
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
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
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
  ${nmfkit_io_needs_LDFLAGS} -lm)
