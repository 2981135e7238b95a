# Launchers for CPUs of another kind than this machine's: the runtime once more, built by a preset of its own into
# bin/<kind>/, where the compiler looks for them.
include(ExternalProject)
include(GNUInstallDirs)

# trafo_cross_runtime(kind): by the preset runtime-<kind>; `scripts/setup.sh <kind>` gives it what it links with.
function(trafo_cross_runtime kind)
  ExternalProject_Add(runtime-${kind}
    PREFIX ${CMAKE_BINARY_DIR}/runtime-${kind}
    SOURCE_DIR ${CMAKE_SOURCE_DIR}
    BINARY_DIR ${CMAKE_BINARY_DIR}/runtime-${kind}
    DOWNLOAD_COMMAND ${CMAKE_SOURCE_DIR}/scripts/setup.sh ${kind}
    CONFIGURE_COMMAND ${CMAKE_COMMAND} --preset runtime-${kind} -S <SOURCE_DIR> -B <BINARY_DIR>
      -DCMAKE_RUNTIME_OUTPUT_DIRECTORY=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${kind} -DTRAFO_BUILD_TESTS=${TRAFO_BUILD_TESTS}
    BUILD_COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR>
    BUILD_ALWAYS ON
    INSTALL_COMMAND "")
  add_dependencies(trafo runtime-${kind})
  install(DIRECTORY ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/${kind} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/trafo
    USE_SOURCE_PERMISSIONS)
endfunction()
