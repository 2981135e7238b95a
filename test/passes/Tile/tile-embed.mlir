// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -trafo-pack-weights -trafo-tile-embed | FileCheck %s

// Element by element through the layout the head chose for the table.
// CHECK-NOT:     plan.embed
// CHECK:         plan.stage @step.embedding
// CHECK:           plan.address
// CHECK:           plan.share
// CHECK:           scf.for
// CHECK:             scf.for
// CHECK:               memref.store
