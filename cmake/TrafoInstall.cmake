# What `make install` puts under a prefix, and find_package(Trafo) for a prefix and for the build tree itself.
#
#   bin/                    trafo, trafo-opt, trafo-lsp-server;  libexec/trafo/  what the driver runs and puts in front of programs
#   lib/libTrafo.so         the compiler;  lib/cmake/Trafo  its CMake package
#   include/trafo/          the C API of the runtime and of the artefact
#   include/trafo-compiler/ dialects and passes, as plugins include them
#   lib/trafo/python/       the package trafo, for PYTHONPATH
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(headers ${CMAKE_INSTALL_INCLUDEDIR}/trafo-compiler)
install(DIRECTORY include/trafo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(NOT TRAFO_BUILD_COMPILER)
  return()
endif()

foreach(room dialects passes lib/Compiler)
  cmake_path(GET room PARENT_PATH above)
  install(DIRECTORY ${room} ${CMAKE_BINARY_DIR}/${room} DESTINATION ${headers}/${above} FILES_MATCHING
    PATTERN "*.h" PATTERN "*.td" PATTERN "*.h.inc" PATTERN "CMakeFiles" EXCLUDE)
endforeach()

target_include_directories(Trafo INTERFACE
  "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR};${CMAKE_SOURCE_DIR}/include;${CMAKE_BINARY_DIR}>"
  "$<INSTALL_INTERFACE:${headers};${CMAKE_INSTALL_INCLUDEDIR}>")
set_target_properties(Trafo PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON) # LLVM's own folder
install(TARGETS Trafo EXPORT TrafoTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(tool trafo-opt trafo-lsp-server)
  if(TARGET ${tool})
    set_target_properties(${tool} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}"
      INSTALL_RPATH_USE_LINK_PATH ON)
    install(TARGETS ${tool} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()
# The driver `trafo` runs it, nobody else does.
if(TARGET trafo-compiler)
  set_target_properties(trafo-compiler PROPERTIES INSTALL_RPATH "$ORIGIN/../../${CMAKE_INSTALL_LIBDIR}"
    INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS trafo-compiler RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/trafo)
endif()

# The same package twice: once for the prefix, once for this build tree, which tests and impatient pass authors use.
set(MLIR_VERSION_SHORT ${LLVM_VERSION_MAJOR}.${LLVM_VERSION_MINOR})
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Trafo)
set(TRAFO_CONFIG_BIN_DIR ${CMAKE_INSTALL_BINDIR})
configure_package_config_file(cmake/TrafoConfig.cmake.in ${CMAKE_BINARY_DIR}/for-install/TrafoConfig.cmake
  INSTALL_DESTINATION ${package} PATH_VARS TRAFO_CONFIG_BIN_DIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/for-install/TrafoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT TrafoTargets NAMESPACE Trafo:: DESTINATION ${package})
install(FILES ${CMAKE_BINARY_DIR}/for-install/TrafoConfig.cmake ${CMAKE_BINARY_DIR}/for-install/TrafoConfigVersion.cmake
  DESTINATION ${package})

set(tree ${CMAKE_BINARY_DIR}/lib/cmake/Trafo)
set(TRAFO_CONFIG_BIN_DIR bin)
configure_package_config_file(cmake/TrafoConfig.cmake.in ${tree}/TrafoConfig.cmake
  INSTALL_DESTINATION lib/cmake/Trafo INSTALL_PREFIX ${CMAKE_BINARY_DIR} PATH_VARS TRAFO_CONFIG_BIN_DIR)
configure_file(${CMAKE_BINARY_DIR}/for-install/TrafoConfigVersion.cmake ${tree}/TrafoConfigVersion.cmake COPYONLY)
export(EXPORT TrafoTargets NAMESPACE Trafo:: FILE ${tree}/TrafoTargets.cmake)
