//===- SharedOptions.h - options that several subcommands have ------------===//
#ifndef TRAFO_TOOLS_TRAFO_COMPILER_SHAREDOPTIONS_H
#define TRAFO_TOOLS_TRAFO_COMPILER_SHAREDOPTIONS_H

#include "lib/Compiler/Options.h"

#include <memory>

namespace CLI {
class App;
}

namespace trafo {

using OptionsPointer = std::shared_ptr<CompileOptions>;

/// The model, --from, --weights and --kv.
void addInputOptions(CLI::App &command, const OptionsPointer &options);
/// --context, --rows and their like.
void addBoundOptions(CLI::App &command, const OptionsPointer &options);
/// --target, --x86-gemm and what it goes by.
void addMachineOptions(CLI::App &command, const OptionsPointer &options);
/// --load-pass-plugin, --pass-pipeline, --remarks.
void addPassOptions(CLI::App &command, const OptionsPointer &options);

} // namespace trafo

#endif // TRAFO_TOOLS_TRAFO_COMPILER_SHAREDOPTIONS_H
