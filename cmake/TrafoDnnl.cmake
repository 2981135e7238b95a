# oneDNN: headers for the runtime, which opens the library when a program that needs it starts; nothing is linked. Sets
# TRAFO_DNNL_INCLUDE_DIRS, and TRAFO_DNNL_LIBRARY, which tests are given.
find_package(dnnl 3.2 CONFIG QUIET)
if(NOT dnnl_FOUND)
  message(FATAL_ERROR "found no oneDNN 3.2 or newer; run scripts/setup.sh onednn, which puts one into build/onednn")
endif()
get_target_property(TRAFO_DNNL_INCLUDE_DIRS DNNL::dnnl INTERFACE_INCLUDE_DIRECTORIES)
get_target_property(TRAFO_DNNL_LIBRARY DNNL::dnnl LOCATION)
