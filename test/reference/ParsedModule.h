//===- ParsedModule.h - a module and the diagnostics about it -------------===//
#ifndef TRAFO_TEST_REFERENCE_PARSEDMODULE_H
#define TRAFO_TEST_REFERENCE_PARSEDMODULE_H

#include "dialects/Trafo/IR/TrafoDialect.h"
#include "lib/Compiler/Register.h"
#include "lib/Reference/Interpreter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

class ParsedModule : public testing::Test {
protected:
  ParsedModule() {
    context.loadDialect<trafo::TrafoDialect, mlir::arith::ArithDialect, mlir::func::FuncDialect>();
    mlir::DialectRegistry registry;
    trafo::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) { message = diagnostic.str(); });
  }
  void parse(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, mlir::ParserConfig(&context));
    ASSERT_TRUE(module) << message;
  }
  /// The decoder of two layers that the pipelines' tests use.
  void parseTinyDecoder() {
    module = mlir::parseSourceFile<mlir::ModuleOp>(TRAFO_TINY_DECODER, mlir::ParserConfig(&context));
    ASSERT_TRUE(module) << message;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string message; ///< the last diagnostic
};

#endif // TRAFO_TEST_REFERENCE_PARSEDMODULE_H
