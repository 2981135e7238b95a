// Carries the precompiled MLIR headers that the compiler's folders share (cmake/TrafoMLIR.cmake).
