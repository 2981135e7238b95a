//===- Trace.h - what every op of a run computed --------------------------===//
//
// Two runs of a model, before and after a pass, are compared op by op. Ops find their partners by their locations: a pass
// that replaces ops hands their locations on (fused where several become one), so the names in them survive.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_REFERENCE_TRACE_H
#define TRAFO_REFERENCE_TRACE_H

#include "lib/Reference/Interpreter.h"
#include "llvm/ADT/StringRef.h"

namespace trafo {

/// One thing computed. Holds nothing of the IR, which the next pass changes.
struct TraceEntry {
  int64_t step = 0;  ///< which of the sample steps
  int64_t layer = 0; ///< -1 outside layers
  Told told = Told::Result;
  std::string op;                 ///< "trafo.linear"
  bool int8 = false;              ///< its input was rounded to int8, where rounding was asked for
  std::vector<std::string> names; ///< the leaves of the op's location, sorted
  Rows rows;

  /// For people: "layer 3, trafo.linear (attn_q)".
  std::string describe() const;
};

using Trace = std::vector<TraceEntry>;

/// The leaves of a location: names as they are, places in files as "file:line:column", a name given to a part of
/// something that has a location as "<that>.<name>".
std::vector<std::string> locationNames(mlir::Location location);

/// Runs the steps one after the other from empty caches. `layerInputs`, if given, is an earlier trace of the same steps:
/// each layer is fed what it was fed there, so that errors do not add up over layers.
mlir::FailureOr<Trace> traceModule(mlir::ModuleOp module, const std::vector<StepRows> &steps, unsigned threads,
                                   const Trace *earlier = nullptr, bool asCompiled = false);

/// For each entry of `after` the number of its partner in `before`, or -1: same step, layer and kind, a name in common and
/// the same shape. An op that stands for several gives what the last of them gave; of several that stand for one, the last
/// gives what it gave.
std::vector<int64_t> partners(const Trace &before, const Trace &after);

} // namespace trafo

#endif // TRAFO_REFERENCE_TRACE_H
