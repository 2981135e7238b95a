// RUN: trafo-opt %S/../../pipelines/Inputs/tiny-windows.mlir -trafo-plan-step -trafo-pack-weights -trafo-count-costs -trafo-tile-contract -trafo-tile-prepare -trafo-tile-embed -trafo-tile-attention -trafo-assign-arena | sed 's/cached_layers = array<i64: 0, 2>/cached_layers = array<i64: 0, 1>/' | not trafo-opt -trafo-outline-stages 2>&1 | FileCheck %s

// CHECK: error: 'plan.pool_layer' op expects 'kv_window' to hold layer 2, for which the stage is run, it holds array<i64: 0, 1>
