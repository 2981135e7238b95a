//===- Child.h - runs the compiler in a process of its own ----------------===//
#ifndef TRAFO_TOOLS_TRAFO_CHILD_H
#define TRAFO_TOOLS_TRAFO_CHILD_H

#include <string>
#include <vector>

namespace trafo::tool {

/// The folder of this program.
std::string toolFolder();

/// Runs `trafo-compiler` (beside this program, or in ../libexec/trafo) with `arguments` and waits for it. Output, errors
/// and progress are its own; SIGINT, SIGTERM and SIGHUP are passed on. A child that crashes becomes one line that names
/// the signal and, if it left one, the reproducer; whatever it left of `output` (empty: none) is removed. Returns the exit
/// code for this program.
int runCompiler(const std::vector<std::string> &arguments, const std::string &output);

/// What `-o` or `--output` say in a compiler's command line; the model's name without its ending if they say nothing, as
/// the compiler chooses it; "" for standard output.
std::string outputOf(const std::vector<std::string> &arguments);

/// Files for the child or from it, in a folder of their own; removed when this goes away.
class TemporaryFolder {
public:
  TemporaryFolder() = default;
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  /// Returns an exit code.
  int make();
  /// The path of `name` in the folder, which is removed with it.
  std::string file(const std::string &name);

private:
  std::string path;
  std::vector<std::string> files;
};

/// A program compiled for this once; removed when this goes away.
class TemporaryProgram {
public:
  /// Compiles `model` with `extra` arguments. Returns an exit code.
  int compile(const std::string &model, const std::vector<std::string> &extra);
  /// Runs it with `argv` and returns its exit code.
  int run(char **argv) const;
  const std::string &path() const { return program; }

private:
  TemporaryFolder folder;
  std::string program;
};

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_CHILD_H
