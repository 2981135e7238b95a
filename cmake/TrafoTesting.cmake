# What tests find where, the one helper that C++ tests use, and the target that runs everything (`ninja check`).
set(TRAFO_TEST_MODEL "${CMAKE_SOURCE_DIR}/build/model/SmolLM2-135M-Instruct.Q4_1.gguf" CACHE FILEPATH "the model that tests compile")
cmake_path(SET TRAFO_SHARED_DEFAULT NORMALIZE "${CMAKE_SOURCE_DIR}/../shared")
set(TRAFO_SHARED "${TRAFO_SHARED_DEFAULT}" CACHE PATH "reference values that tests compare with")

find_package(GTest REQUIRED)
include(GoogleTest)

# trafo_gtest(name source... [LIBRARIES library...]): a GoogleTest program, each of its cases a test of ctest. The cases
# see the model and the reference as the environment variables TRAFO_TEST_MODEL and TRAFO_SHARED, the tools' folder as
# TRAFO_BIN and oneDNN's library as TRAFO_DNNL.
function(trafo_gtest name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -Wall -Wextra)
  target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/bin)
  # On its way to the test the list is taken apart often; what is not escaped so ends as the first variable alone.
  string(REPEAT "\\" 8 escape)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 600 ENVIRONMENT
    "TRAFO_TEST_MODEL=${TRAFO_TEST_MODEL}${escape};TRAFO_SHARED=${TRAFO_SHARED}${escape};TRAFO_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}${escape};TRAFO_DNNL=${TRAFO_DNNL_LIBRARY}")
endfunction()

add_custom_target(check
  COMMAND ${CMAKE_COMMAND} -E env "TRAFO_TEST_MODEL=${TRAFO_TEST_MODEL}" "TRAFO_SHARED=${TRAFO_SHARED}"
          ${TRAFO_PYTHON} ${CMAKE_SOURCE_DIR}/scripts/run_tests.py --build ${CMAKE_BINARY_DIR}
  USES_TERMINAL COMMENT "lit, ctest and pytest")

# Makes `check` build what `all` builds: to be called when every target of the tree is known.
function(trafo_check_builds_all)
  set(folders ${CMAKE_SOURCE_DIR})
  while(folders)
    list(POP_FRONT folders folder)
    get_property(below DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
    get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
    list(APPEND folders ${below})
    foreach(target IN LISTS targets)
      get_target_property(type ${target} TYPE)
      if(type MATCHES "EXECUTABLE|LIBRARY")
        add_dependencies(check ${target})
      endif()
    endforeach()
  endwhile()
endfunction()
