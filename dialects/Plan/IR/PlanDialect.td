#ifndef PLAN_DIALECT_TD
#define PLAN_DIALECT_TD

include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::trafo::plan";
  let summary = "The step program: stages of parallel work, barriers, fixed order";
  let description = [{
    One program for every machine. A step over R rows is a list of stages; every worker (a CPU thread, a GPU thread
    block) runs the same list, takes its own share of each stage's units and meets the others at the barrier after it.
    Buffers are symbols with static shapes that the arena pass gives offsets; weights are `trafo.weight` symbols.
  }];
  let dependentDialects = ["::trafo::TrafoDialect", "::mlir::memref::MemRefDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

#endif
