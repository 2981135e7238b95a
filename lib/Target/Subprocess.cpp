#include "lib/Target/Subprocess.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/Program.h"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace llvm;
using namespace trafo::target;

static bool writeAll(int file, ArrayRef<char> bytes) {
  while (!bytes.empty()) {
    ssize_t written = write(file, bytes.data(), bytes.size());
    if (written <= 0)
      return false;
    bytes = bytes.drop_front(written);
  }
  return true;
}

static Bytes readAll(int file) {
  Bytes bytes;
  off_t size = lseek(file, 0, SEEK_END);
  bytes.resize_for_overwrite(size > 0 ? size : 0);
  for (size_t done = 0; done < bytes.size();) {
    ssize_t got = pread(file, bytes.data() + done, bytes.size() - done, done);
    if (got <= 0)
      return {};
    done += got;
  }
  return bytes;
}

FailureOr<Bytes> trafo::target::runTool(StringRef program, ArrayRef<StringRef> arguments, ArrayRef<char> input,
                                        bool outputIsStdout, std::string &error, ToolLimits limits) {
  int in = memfd_create("trafo-input", 0), out = memfd_create("trafo-output", 0), said = memfd_create("trafo-said", 0);
  llvm::scope_exit closeAll([&] {
    for (int file : {in, out, said})
      if (file >= 0)
        close(file);
  });
  if (in < 0 || out < 0 || said < 0 || !writeAll(in, input)) {
    error = "cannot hand the input to " + program.str() + ": " + strerror(errno);
    return failure();
  }
  auto path = [](int file) { return "/proc/self/fd/" + std::to_string(file); };
  std::string inPath = path(in), outPath = path(out), saidPath = path(said);
  SmallVector<StringRef> command = {program};
  for (StringRef argument : arguments)
    command.push_back(argument == "%in" ? StringRef(inPath) : argument == "%out" ? StringRef(outPath) : argument);
  std::string why;
  sys::ProcessInfo process =
      sys::ExecuteNoWait(program, command, /*Env=*/std::nullopt,
                         {StringRef("/dev/null"), StringRef(outputIsStdout ? outPath : saidPath), StringRef(saidPath)},
                         /*MemoryLimit=*/0, &why);
  int code = -1;
  if (process.Pid != sys::ProcessInfo::InvalidPid) {
    rlimit cpu = {limits.cpuSeconds, limits.cpuSeconds};
    prlimit(process.Pid, RLIMIT_CPU, &cpu, nullptr);
    code = sys::Wait(process, limits.wallSeconds, &why).ReturnCode;
  }
  if (code == 0)
    return readAll(out);
  Bytes text = readAll(said);
  StringRef first = StringRef(text.data(), text.size()).trim().split('\n').first;
  error = program.str() + " ended with " + std::to_string(code) + ": " + (first.empty() ? why : first.str());
  if (code < 0)
    error += "; it may take " + std::to_string(limits.cpuSeconds) + " s of a CPU, " +
             std::to_string(limits.wallSeconds) + " s in all";
  return failure();
}
