# The Python package and its dist-info, by which pip and importlib.metadata know it. There is no RECORD:
# `pip uninstall` then says that it was not pip that installed it.

set(where "${CMAKE_INSTALL_PREFIX}/${nmfkit_python_dir}")
file(INSTALL DESTINATION "${where}" TYPE DIRECTORY FILES "${nmfkit_source}/python/nmfkit"
     FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)
file(INSTALL DESTINATION "${where}/nmfkit-${nmfkit_version}.dist-info" TYPE FILE
     FILES "${nmfkit_binary}/python/METADATA" "${nmfkit_source}/python/INSTALLER" "${nmfkit_source}/LICENSE")
