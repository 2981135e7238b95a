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

# Parsing MLIR's headers costs 20 s a file, reading them precompiled 3 s. `-fno-pch-timestamp` lets ccache see through it.
# The precompiled bytes hold the path of the tree, so ccache is told to go by a sum instead (CCACHE_PCH_EXTSUM in the
# presets): equal lists of headers of equal LLVMs are equal. Naming the header besides, as CMake would, brings the path back.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)
file(SHA256 ${CMAKE_CURRENT_LIST_FILE} pch_sum)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/CMakeFiles/TrafoPch.dir/cmake_pch.hxx.pch.sum
  CONTENT "${LLVM_PACKAGE_VERSION} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${pch_sum}\n")
add_library(TrafoPch OBJECT ${CMAKE_SOURCE_DIR}/cmake/Precompiled.cpp)
target_compile_options(TrafoPch PRIVATE -fno-exceptions -Wall -Wextra -Wno-unused-parameter -Xclang -fno-pch-timestamp)
target_compile_definitions(TrafoPch PRIVATE ${LLVM_DEFINITIONS_LIST})
set_target_properties(TrafoPch PROPERTIES PCH_INSTANTIATE_TEMPLATES ON)
target_precompile_headers(TrafoPch PRIVATE
  <mlir/Bytecode/BytecodeOpInterface.h>
  <mlir/Dialect/Arith/IR/Arith.h>
  <mlir/Dialect/Func/IR/FuncOps.h>
  <mlir/Dialect/LLVMIR/LLVMDialect.h>
  <mlir/Dialect/Math/IR/Math.h>
  <mlir/Dialect/MemRef/IR/MemRef.h>
  <mlir/Dialect/SCF/IR/SCF.h>
  <mlir/Dialect/Tensor/IR/Tensor.h>
  <mlir/Dialect/Vector/IR/VectorOps.h>
  <mlir/IR/Builders.h>
  <mlir/IR/BuiltinOps.h>
  <mlir/IR/ImplicitLocOpBuilder.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Pass/Pass.h>
  <mlir/Pass/PassManager.h>)

# trafo_objects(Name source... [TABLEGEN target...])
function(trafo_objects name)
  cmake_parse_arguments(ARG "" "" "TABLEGEN" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${name} PRIVATE -fno-exceptions -Wall -Wextra -Wno-unused-parameter -Xclang -fno-pch-timestamp)
  target_compile_definitions(${name} PRIVATE ${LLVM_DEFINITIONS_LIST})
  set_target_properties(${name} PROPERTIES PCH_INSTANTIATE_TEMPLATES ON)
  target_precompile_headers(${name} REUSE_FROM TrafoPch)
  add_dependencies(${name} trafo-headers)
  if(ARG_TABLEGEN)
    add_dependencies(${name} ${ARG_TABLEGEN})
  endif()
  set_property(GLOBAL APPEND PROPERTY TRAFO_COMPILER_OBJECTS ${name})
endfunction()
# Every generated header of the compiler: folders of dialects and passes add theirs with add_dependencies, so that any
# folder may include any of them.
add_custom_target(trafo-headers)
