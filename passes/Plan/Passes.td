#ifndef TRAFO_PASSES_PLAN_TD
#define TRAFO_PASSES_PLAN_TD

include "mlir/Pass/PassBase.td"

def PlanStepPass : Pass<"trafo-plan-step", "::mlir::ModuleOp"> {
  let summary = "turn the step and the layers' bodies into stages";
  let description = [{
    Every linear-like op becomes a stage: its input rows are prepared (a norm that only feeds linears is folded in and
    repeated by every worker, which saves a barrier), its weight is contracted unit by unit, and what follows the sum
    (bias, rope, activation, residual, KV store) is the contraction's body. Attention and the embedding are stages of
    their own. A barrier follows each stage: five a layer where attention and a gated MLP alternate.

    ```mlir
    %1 = trafo.rms_norm %x, %w eps 1.0e-5 : tensor<?x576xf32>, !trafo.weight<576xf32>
    %2 = trafo.gate_up silu %1 weights(%gu : !trafo.weight<3072x576xq4_1>) via i8_g32 : tensor<?x576xf32> -> tensor<?x1536xf32>
    ```
    becomes
    ```mlir
    plan.stage @decoder.gate_up {
    ^bb0(%layer: index):
      ...
      scf.for %first = %c0 to %rows step %c64 {
        %panel = plan.prepare rms %x[%first, %count] weight %w ... -> !plan.panel<64x576xi8_g32>
        plan.contract %panel rows %count, %gu units %begin to %end groups 2 ... {
        ^bb0(%row: index, %unit: index, %gate: vector<16xf32>, %up: vector<16xf32>):
          ...
    ```
    Needs the forms trafo-fuse-pipeline and trafo-assign-numerics leave; names the op it can not plan.
  }];
  let dependentDialects = ["::trafo::plan::PlanDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect"];
}

def ChooseRoadsPass : Pass<"trafo-choose-roads", "::mlir::ModuleOp"> {
  let summary = "decide which contractions the machine's matmul library computes";
  let description = [{
    Under `roads=library`, with a plan.target whose library takes f32_rows,
    ```mlir
    plan.contract %panel rows %n, %w units %begin to %end groups 1 : !plan.panel<64x576xf32>, !trafo.weight<960x576xf32> { ... }
    ```
    becomes
    ```mlir
    plan.contract %panel rows %n, %w units %begin to %end groups 1 library f32_rows : ...
    ```
    Panels of i8_row take the form of `int8_library`, all others that of `library`. Contractions that it does not fit (formats
    with groups of 32 never do) stay with generated code, with a remark.
    `roads=cheapest` takes the road that `plan.rates` predicts to take less time over `prompt-steps` steps of 512 rows and
    `decode-steps` of one, and generated code where nobody measured. What was chosen, why, and what both roads would take
    is left in the module attribute `plan.roads`, once for each weight of a stage.
  }];
  let options = [
    Option<"roads", "roads", "std::string", /*default=*/"\"generated\"", "generated, library (where it fits) or cheapest">,
    Option<"reason", "reason", "std::string", /*default=*/"\"asked for\"", "what plan.roads says of roads that are not chosen by cost">,
    Option<"promptSteps", "prompt-steps", "int64_t", /*default=*/"1", "steps of 512 rows to choose the cheapest for">,
    Option<"decodeSteps", "decode-steps", "int64_t", /*default=*/"128", "steps of one row to choose the cheapest for">,
  ];
  let dependentDialects = ["::trafo::plan::PlanDialect"];
}

def VerifyPlanPass : Pass<"verify-plan", "::mlir::ModuleOp"> {
  let summary = "after Plan: stages and one step, no trafo op but weights and their recipes, no tensor";
}

#endif
