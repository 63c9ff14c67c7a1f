# The last step of an install: share/nmfkit/installed.txt names, relative to the prefix, every file it wrote and
# every directory it made, and what an install before it, perhaps of another version, had listed there.

set(list "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}/share/nmfkit/installed.txt")
set(lines ${nmfkit_new_directories} share/nmfkit/installed.txt)
foreach(file ${CMAKE_INSTALL_MANIFEST_FILES})
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}")
  list(APPEND lines "${file}")
endforeach()
if(EXISTS "${list}")
  file(STRINGS "${list}" before)
  list(APPEND lines ${before})
endif()
list(REMOVE_DUPLICATES lines)
list(SORT lines)
list(JOIN lines "\n" text)
file(WRITE "${list}" "${text}\n")
