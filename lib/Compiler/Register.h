//===- Register.h - everything a tool must know before it reads IR --------===//
#ifndef TRAFO_LIB_COMPILER_REGISTER_H
#define TRAFO_LIB_COMPILER_REGISTER_H

namespace mlir {
class DialectRegistry;
}

namespace trafo {

/// Adds the dialects of Trafo and upstream's, with their extensions and interfaces.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Adds the passes and pipelines of every stage and upstream's to the global pass registry.
void registerAllPasses();

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_REGISTER_H
