# Lets the program NMF print its manual pages into PAGES and its completion scripts into COMPLETIONS. Which
# commands there are, the overview's list of pages says.

function(print path)
  execute_process(COMMAND ${NMF} help ${ARGN} OUTPUT_FILE ${path} RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    file(REMOVE ${path})
    message(FATAL_ERROR "nmf help ${ARGN} ended with ${code}")
  endif()
endfunction()

file(REMOVE_RECURSE ${PAGES})
file(MAKE_DIRECTORY ${PAGES} ${COMPLETIONS})
execute_process(COMMAND ${NMF} help --man OUTPUT_VARIABLE overview RESULT_VARIABLE code)
string(REGEX MATCHALL "nmf[\\]-[a-z]+ " commands "${overview}")
list(REMOVE_DUPLICATES commands)
if(NOT code EQUAL 0 OR NOT commands)
  message(FATAL_ERROR "nmf help --man ended with ${code} and names no command")
endif()
foreach(command ${commands})
  string(REGEX REPLACE "nmf[\\]-([a-z]+) " "\\1" command "${command}")
  print(${PAGES}/nmf-${command}.1 --man ${command})
endforeach()
print(${COMPLETIONS}/nmf.bash --completion bash)
print(${COMPLETIONS}/_nmf --completion zsh)
print(${COMPLETIONS}/nmf.fish --completion fish)
print(${PAGES}/nmf.1 --man) # last: the file the build looks at
