# vil_generate_messages(<target> PROGRAM <file> LANGUAGE c|cpp)
#
# Makes the interface library <target> of the headers that `vil gen` writes from a program: link it to include them. The
# headers are written anew when the program changes. It also links libvil: vil::vil for C, vil::cpp for C++.
function(vil_generate_messages target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PROGRAM;LANGUAGE" "")
  if(NOT arg_PROGRAM OR NOT arg_LANGUAGE MATCHES "^(c|cpp)$" OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "usage: vil_generate_messages(<target> PROGRAM <file> LANGUAGE c|cpp)")
  endif()
  if(NOT TARGET vil::command)
    message(FATAL_ERROR "this libvil was installed without the `vil` command, which generates the messages")
  endif()
  get_filename_component(program "${arg_PROGRAM}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
  get_target_property(vil vil::command IMPORTED_LOCATION)
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/${target}")

  # The names of the headers depend on the program alone; when it changes they are asked for again.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${program}")
  execute_process(COMMAND "${vil}" gen --lang "${arg_LANGUAGE}" --list "${program}"
                  OUTPUT_VARIABLE names ERROR_VARIABLE said RESULT_VARIABLE result OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${said}")
  endif()
  string(REPLACE "\n" ";" names "${names}")
  list(TRANSFORM names PREPEND "${directory}/" OUTPUT_VARIABLE headers)

  add_custom_command(OUTPUT ${headers}
    COMMAND "${vil}" gen --lang "${arg_LANGUAGE}" -o "${directory}" "${program}"
    # A header that came out the same keeps its old time, and would be asked for again and again.
    COMMAND "${CMAKE_COMMAND}" -E touch ${headers}
    DEPENDS "${program}" "${vil}" COMMENT "vil gen ${target}" VERBATIM)
  add_custom_target(${target}_headers DEPENDS ${headers})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_headers)
  target_include_directories(${target} INTERFACE "${directory}")
  if(arg_LANGUAGE STREQUAL "c")
    target_link_libraries(${target} INTERFACE vil::vil)
  else()
    target_link_libraries(${target} INTERFACE vil::cpp)
  endif()
endfunction()
