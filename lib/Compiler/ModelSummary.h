//===- ModelSummary.h - a compiled model in numbers and words -------------===//
#ifndef TRAFO_LIB_COMPILER_MODELSUMMARY_H
#define TRAFO_LIB_COMPILER_MODELSUMMARY_H

#include "dialects/Plan/IR/PlanOps.h"
#include "lib/Compiler/Input.h"
#include "llvm/Support/JSON.h"

#include <map>
#include <string>
#include <vector>

namespace trafo {

/// One op of the decoder as it stands after Quantize, over all layers that run it.
struct OpSummary {
  std::string op;      ///< "trafo.gate_up"
  std::string body;    ///< "decoder"; "step" outside layers
  std::string numbers; ///< its numeric class: "i8_g32 x q4_1", "f32"
  int64_t times = 0;   ///< how many layers run it
};

/// What INFO and --report are made from.
struct ModelSummary {
  std::vector<OpSummary> ops;                                            ///< in order of execution
  std::map<std::string, std::pair<int64_t, int64_t>> formats;            ///< storage format: tensors, bytes
  int64_t parameters = 0;                                                ///< values of all sources
  std::string compute;                                                   ///< --compute
  std::string kvFormat;                                                  ///< of the KV cache: "f16", "int8"
  bool libraryAsked = false;                                             ///< --x86-gemm=onednn
  llvm::SmallVector<plan::CostAttr> stages;                              ///< after Tile
  std::string cache;                                                     ///< what a sequence keeps, in words
  llvm::SmallVector<plan::RoadAttr> roads;                               ///< after Plan, one a contraction
  std::string ratesOf;                                                   ///< the machine whose rates are gone by; or ""
  plan::ProfileAttr profile;                                             ///< null: the step is not instrumented
  std::vector<std::pair<std::string, std::vector<std::string>>> targets; ///< tier and its CPU features
};

/// Reads ops, formats and classes from a module between Import and Quantize.
void summarizeOps(mlir::ModuleOp module, ModelSummary &summary);
/// Reads the stages' costs from a module after Tile.
void summarizeStages(mlir::ModuleOp module, ModelSummary &summary);

/// Whether products of a stage are left to a matmul library.
bool callsLibrary(const ModelSummary &summary);
/// Whether a stage's rows are of class `activation`.
bool multiplies(const ModelSummary &summary, ActivationFormat activation);

/// The INFO section: one JSON object, the same bytes for the same input. What MANIFEST holds is not repeated.
std::string infoJson(const Input &input, const ModelSummary &summary);

} // namespace trafo

#endif // TRAFO_LIB_COMPILER_MODELSUMMARY_H
