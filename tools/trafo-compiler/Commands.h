//===- Commands.h - the subcommands of trafo-compiler ---------------------===//
#ifndef TRAFO_TOOLS_TRAFO_COMPILER_COMMANDS_H
#define TRAFO_TOOLS_TRAFO_COMPILER_COMMANDS_H

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace trafo {

/// Runs the chosen subcommand and returns an exit code. Set by the subcommand that was parsed.
using Command = std::function<int()>;

/// `compile`: a model file becomes a program.
void addCompileCommand(CLI::App &app, const std::string &toolFolder, Command &chosen);

/// `check`: judges the model after every pass.
void addCheckCommand(CLI::App &app, Command &chosen);
/// `eval --reference`: the interpreter's logits.
void addEvalCommand(CLI::App &app, Command &chosen);

} // namespace trafo

#endif // TRAFO_TOOLS_TRAFO_COMPILER_COMMANDS_H
