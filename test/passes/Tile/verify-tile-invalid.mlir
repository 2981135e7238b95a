// RUN: not trafo-opt %S/../../pipelines/Inputs/tiny-quantized.mlir -trafo-plan-step -verify-tile 2>&1 | FileCheck %s

// CHECK: expects plan.arena and a function @trafo_step after trafo-tile
