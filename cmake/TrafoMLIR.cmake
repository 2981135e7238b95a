# LLVM and MLIR, and the one helper the compiler's folders use: trafo_objects(Name file...) hands a folder's sources to
# libTrafo.so, which lib/Compiler links once, so that every tool and plugin shares one set of types.
find_package(MLIR 22.1 REQUIRED CONFIG)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
set(LLVM_LINK_LLVM_DYLIB ON)
set(MLIR_LINK_MLIR_DYLIB ON)
include(TableGen)
include(AddLLVM)
include(AddMLIR)
# For the compiler's folders and for mlir_tablegen, which reads the directory's include path.
include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})

separate_arguments(LLVM_DEFINITIONS_LIST NATIVE_COMMAND "${LLVM_DEFINITIONS}")

set_property(GLOBAL PROPERTY TRAFO_COMPILER_OBJECTS "")

# trafo_objects(Name source... [TABLEGEN target...])
function(trafo_objects name)
  cmake_parse_arguments(ARG "" "" "TABLEGEN" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -fno-exceptions -Wall -Wextra -Wno-unused-parameter)
  target_compile_definitions(${name} PRIVATE ${LLVM_DEFINITIONS_LIST})
  add_dependencies(${name} trafo-headers)
  if(ARG_TABLEGEN)
    add_dependencies(${name} ${ARG_TABLEGEN})
  endif()
  set_property(GLOBAL APPEND PROPERTY TRAFO_COMPILER_OBJECTS ${name})
endfunction()
# Every generated header of the compiler: folders of dialects and passes add theirs with add_dependencies, so that any
# folder may include any of them.
add_custom_target(trafo-headers)
