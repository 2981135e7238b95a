#include "lib/Target/Nvidia/NvidiaTarget.h"
#include "lib/Target/Subprocess.h"

#include "llvm/Support/Program.h"

#include <cstdlib>

using namespace llvm;
using namespace trafo::target;

/// ptxas: named by TRAFO_PTXAS, in PATH, or where the toolkit is installed.
static std::string findPtxas() {
  if (const char *named = std::getenv("TRAFO_PTXAS"))
    return named;
  if (ErrorOr<std::string> path = sys::findProgramByName("ptxas"))
    return *path;
  if (ErrorOr<std::string> path = sys::findProgramByName("ptxas", {"/usr/local/cuda/bin"}))
    return *path;
  return {};
}

FailureOr<Bytes> trafo::target::assemblePtx(ArrayRef<char> ptx, StringRef arch, std::string &error) {
  std::string ptxas = findPtxas();
  if (ptxas.empty()) {
    error = "found no ptxas: expects it in PATH (CUDA toolkit, or the wheel nvidia-cuda-nvcc) or named by TRAFO_PTXAS; "
            "--emit=ptx does without";
    return failure();
  }
  std::string option = "--gpu-name=" + arch.str();
  return runTool(ptxas, {option, "-O3", "%in", "-o", "%out"}, ptx, /*outputIsStdout=*/false, error);
}
