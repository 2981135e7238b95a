//===- TrafoOps.h - the ops of the trafo dialect --------------------------===//
#ifndef TRAFO_DIALECTS_TRAFO_IR_TRAFOOPS_H
#define TRAFO_DIALECTS_TRAFO_IR_TRAFOOPS_H

#include "dialects/Trafo/IR/TrafoDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Trafo/IR/TrafoInterfaces.h.inc"

#define GET_OP_CLASSES
#include "dialects/Trafo/IR/TrafoOps.h.inc"

#endif // TRAFO_DIALECTS_TRAFO_IR_TRAFOOPS_H
