# The report's page, render/report/: skeleton, style sheets and scripts become byte arrays in the library.
# Run as a script (cmake -DTARGET=FILE.c -DSOURCE_DIR=DIR -P Report.cmake) it writes them; included, it sets
# report_source to the file and makes the build write it whenever one of the sources changes.

# Scripts in the order in which they are read: what is used by the others comes first.
set(report_scripts words.js base.js marks.js chart.js verdict.js components.js sample.js samples.js
    history.js origin.js main.js)
set(report_styles style.css)

if(CMAKE_SCRIPT_MODE_FILE)
  function(append_array name content) # content: hexadecimal
    string(LENGTH "${content}" digits)
    math(EXPR bytes "${digits} / 2")
    string(REGEX REPLACE "(................................)" "\\1\n" lines "${content}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," array "${lines}")
    file(APPEND ${TARGET}.new "static const unsigned char ${name}[] = {\n${array}\n};\n"
      "const nmfi_page_source nmfi_report_${name} = {${name}, ${bytes}};\n")
  endfunction()

  function(append_files name)
    set(all "")
    foreach(file ${ARGN})
      file(READ ${SOURCE_DIR}/${file} content HEX)
      string(APPEND all "${content}")
    endforeach()
    append_array(${name} "${all}")
  endfunction()

  file(WRITE ${TARGET}.new "/* Made by cmake/Report.cmake from render/report/. */\n"
    "#include \"render/report_page.h\"\n")
  append_files(skeleton page.html)
  append_files(style ${report_styles})
  append_files(script begin.js ${report_scripts} end.js)
  file(RENAME ${TARGET}.new ${TARGET})
  return()
endif()

set(report_dir ${PROJECT_SOURCE_DIR}/render/report)
set(report_source ${PROJECT_BINARY_DIR}/report_page.c)
set(report_files page.html begin.js end.js ${report_scripts} ${report_styles})
list(TRANSFORM report_files PREPEND ${report_dir}/)
add_custom_command(OUTPUT ${report_source}
  COMMAND ${CMAKE_COMMAND} -DTARGET=${report_source} -DSOURCE_DIR=${report_dir}
          -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${report_files} ${CMAKE_CURRENT_LIST_FILE} VERBATIM)
