// RUN: trafo-opt %s -split-input-file -verify-plan -verify-diagnostics

// expected-error @+1 {{expects one plan.step after trafo-plan-step, got 0}}
module {
}

// -----

module {
  // expected-error @+1 {{is not allowed at the top of a planned module}}
  func.func @left() {
    return
  }
}

// -----

module {
  plan.stage @s {
  ^bb0(%layer: index):
    // expected-error @+1 {{still makes a tensor after trafo-plan-step}}
    %0 = arith.constant dense<0.0> : tensor<4xf32>
    plan.end
  }
  plan.step @step {
    plan.run @s
    plan.end
  }
}
