# vil_generate_messages(TARGET <target>  IR <file>... LANGUAGES <language>... [OUT_DIR <dir>])
# vil_generate_messages(LIBRARY <target> IR <file>... LANGUAGES <language>... [OUT_DIR <dir>])
# vil_generate_messages(<target> PROGRAM <file> LANGUAGE <language>)
#
# Writes the headers of programs with `vil gen` while the project is built, and hands them to a target: its sources include
# them, it is built after them, and it links libvil (vil::vil for C, vil::cpp for C++).
#
#   TARGET     a target that is there: its own sources and those of targets that link it see the headers. It is linked by
#              target_link_libraries(<target> PUBLIC ...), so its other libraries are named with a keyword too
#   LIBRARY    a new interface library: whoever links it sees the headers
#   IR         programs in YAML or JSON, relative to the source directory. What they import need not be named
#   LANGUAGES  `c`, `cpp` or both, which may share a directory
#   OUT_DIR    where the headers go, relative to the binary directory; by default <target>_generated in there
#
# The third form is short for LIBRARY with one program and one language.
#
#   add_executable(ingest ingest.c)
#   vil_generate_messages(TARGET ingest IR ingest.yaml trace.yaml LANGUAGES c)
#
#   vil_generate_messages(LIBRARY credit_messages IR credit.yaml LANGUAGES c cpp OUT_DIR credit)
#   target_link_libraries(filter PRIVATE credit_messages)
#
# When a program or a file that it imports changes, the headers of that program are written anew and no others; when nothing
# changed, nothing is done. Which headers there are depends on the same files, so CMake looks again when one of them changes.
# A program with faults fails the build, and `vil` says where they are. Ninja (1.10 or newer) and Makefiles.

cmake_policy(PUSH)
cmake_policy(VERSION 3.20)

function(vil_generate_messages)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;LIBRARY;OUT_DIR;PROGRAM;LANGUAGE" "IR;LANGUAGES")
  if(arg_PROGRAM OR arg_LANGUAGE)
    _vil_short_form()
  endif()
  _vil_check_usage()
  if(arg_LIBRARY)
    add_library(${arg_LIBRARY} INTERFACE)
  endif()
  set(target ${arg_TARGET}${arg_LIBRARY})
  if(NOT arg_OUT_DIR)
    set(arg_OUT_DIR "${target}_generated") # not <target>: an executable may have that name
  endif()
  get_filename_component(directory "${arg_OUT_DIR}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")

  set(headers "")
  foreach(program IN LISTS arg_IR)
    get_filename_component(program "${program}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
    foreach(language IN LISTS arg_LANGUAGES)
      _vil_generate("${program}" ${language} "${directory}" written)
      list(APPEND headers ${written})
    endforeach()
  endforeach()
  _vil_hand_to(${target} "${directory}" "${headers}")
endfunction()

# The short form said in the words of the long one.
macro(_vil_short_form)
  if(arg_TARGET OR arg_LIBRARY OR arg_IR OR arg_LANGUAGES OR arg_OUT_DIR)
    message(FATAL_ERROR "vil_generate_messages: PROGRAM and LANGUAGE are the short form; beside other words they are IR and LANGUAGES")
  endif()
  list(POP_FRONT arg_UNPARSED_ARGUMENTS arg_LIBRARY)
  set(arg_IR "${arg_PROGRAM}")
  set(arg_LANGUAGES "${arg_LANGUAGE}")
endmacro()

# Everything that can be wrong with a call, one sentence each.
macro(_vil_check_usage)
  set(wrong "")
  if(arg_UNPARSED_ARGUMENTS)
    set(wrong "no word of it: ${arg_UNPARSED_ARGUMENTS}")
  elseif(arg_KEYWORDS_MISSING_VALUES)
    set(wrong "nothing behind ${arg_KEYWORDS_MISSING_VALUES}")
  elseif(arg_TARGET AND arg_LIBRARY)
    set(wrong "TARGET and LIBRARY exclude each other")
  elseif(NOT arg_TARGET AND NOT arg_LIBRARY)
    set(wrong "TARGET or LIBRARY says who gets the headers")
  elseif(NOT arg_IR)
    set(wrong "IR says which programs")
  elseif(NOT arg_LANGUAGES)
    set(wrong "LANGUAGES says c, cpp or both")
  elseif(arg_TARGET AND NOT TARGET "${arg_TARGET}")
    set(wrong "there is no target ${arg_TARGET} (yet)")
  elseif(arg_LIBRARY AND TARGET "${arg_LIBRARY}")
    set(wrong "there is a target ${arg_LIBRARY} already; TARGET adds to it")
  elseif(NOT TARGET vil::command)
    set(wrong "this libvil was installed without the `vil` command, which generates the messages")
  endif()
  foreach(language IN LISTS arg_LANGUAGES)
    if(NOT language MATCHES "^(c|cpp)$")
      set(wrong "LANGUAGES are c and cpp, not ${language}")
    endif()
  endforeach()
  if(wrong)
    message(FATAL_ERROR "vil_generate_messages: ${wrong}")
  endif()
  list(REMOVE_DUPLICATES arg_LANGUAGES)
endmacro()

# One command for each program and language, so that a change writes no other headers. Their paths are in <result>.
function(_vil_generate program language directory result)
  # A text that cannot be read today may be readable tomorrow: CMake looks again even when this configure fails.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${program}")
  _vil_ask(inputs "${program}" ${language} --list-inputs)
  _vil_ask(headers "${program}" ${language} --list)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
  list(TRANSFORM headers PREPEND "${directory}/")
  list(GET headers 0 first)
  foreach(header IN LISTS headers)
    get_source_file_property(other "${header}" VIL_PROGRAM)
    if(other)
      message(FATAL_ERROR "vil_generate_messages: ${other} and ${program} would both write ${header}; another OUT_DIR for one of them, or one LIBRARY for both")
    endif()
  endforeach()
  set_source_files_properties(${headers} PROPERTIES VIL_PROGRAM "${program}")

  # Ninja learns from a dependency file what was read. With Makefiles CMake (3.25) only ever adds to what it has learnt, so a
  # header would be made anew at each build once an import is gone; and to Ninja it hands these letters on without escaping
  # them. Then what was read is named here, which is as good as long as this runs again when any of it changes.
  set(depfile "")
  set(track DEPENDS ${inputs})
  if(CMAKE_GENERATOR MATCHES "^Ninja" AND NOT "${inputs};${directory}" MATCHES "[#$:\\]")
    set(depfile --depfile "${first}.d")
    set(track DEPFILE "${first}.d")
  endif()
  get_target_property(vil vil::command IMPORTED_LOCATION)
  get_filename_component(name "${program}" NAME)
  add_custom_command(OUTPUT ${headers}
    COMMAND "${vil}" gen --lang ${language} -o "${directory}" ${depfile} "${program}"
    DEPENDS "${program}" "${vil}" ${track} COMMENT "vil gen --lang ${language} ${name}" VERBATIM)
  set(${result} "${headers}" PARENT_SCOPE)
endfunction()

# A list of what `vil gen` names, one a line. Faults are shown as `vil` draws them, which an error of CMake's would not.
function(_vil_ask result program language what)
  get_target_property(vil vil::command IMPORTED_LOCATION)
  execute_process(COMMAND "${vil}" gen --lang ${language} ${what} "${program}"
                  OUTPUT_VARIABLE names ERROR_VARIABLE said RESULT_VARIABLE code OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT code EQUAL 0)
    message(NOTICE "${said}")
    message(FATAL_ERROR "vil_generate_messages: no code for ${program}, see above")
  endif()
  string(REPLACE "\n" ";" names "${names}")
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

# Makes a target see the headers, and be built after them. A target of another directory does not know their commands, and
# two targets would run them twice at once with Makefiles: so a target of their own stands between.
function(_vil_hand_to target directory headers)
  set(before "${target}_headers")
  set(number 1)
  while(TARGET ${before})
    math(EXPR number "${number} + 1")
    set(before "${target}_headers_${number}")
  endwhile()
  add_custom_target(${before} DEPENDS ${headers})
  add_dependencies(${target} ${before})
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(scope INTERFACE)
  else()
    set(scope PUBLIC)
  endif()
  target_include_directories(${target} ${scope} "${directory}")
  if("c" IN_LIST arg_LANGUAGES)
    target_link_libraries(${target} ${scope} vil::vil)
  endif()
  if("cpp" IN_LIST arg_LANGUAGES)
    target_link_libraries(${target} ${scope} vil::cpp)
  endif()
endfunction()

cmake_policy(POP)
