#include "Child.h"

#include "lib/Artifact/ArtifactWriter.h"
#include "lib/Import/Gguf.h"
#include "lib/Import/Models/Models.h"
#include "trafo/runtime.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trafo::tool {
namespace {

volatile sig_atomic_t childPid = 0;
volatile sig_atomic_t passedOn = 0;

void passOn(int signal) {
  passedOn = signal;
  if (childPid > 0)
    kill(childPid, signal);
}

/// While it lives, signals that end a program go to the child, whose end then ends us.
class SignalsToChild {
public:
  SignalsToChild() {
    struct sigaction action = {};
    action.sa_handler = passOn;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < 3; ++i) {
      sigaction(kSignals[i], &action, &before[i]);
      if (before[i].sa_handler == SIG_IGN) // started so, as in the background of a script: the child ignores it too
        sigaction(kSignals[i], &before[i], nullptr);
    }
  }
  ~SignalsToChild() { restore(); }
  void restore() const {
    for (size_t i = 0; i < 3; ++i)
      sigaction(kSignals[i], &before[i], nullptr);
  }

private:
  static constexpr int kSignals[3] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before[3];
};

/// What the files of one compilation may be called: output names given, or made from the model's (the compiler knows).
constexpr const char *kEndings[] = {"", ".weights", ".so", ".so.weights", ".o", ".s", ".ll", ".mlir", ".ptx", ".cubin"};

std::string findCompiler() {
  for (const char *place : {"/trafo-compiler", "/../libexec/trafo/trafo-compiler"}) {
    std::string path = toolFolder() + place;
    if (access(path.c_str(), X_OK) == 0)
      return path;
  }
  return "";
}

/// Starts `path` in a child and waits for its end. False, after a line on standard error, if it cannot be started.
bool runAndWait(const std::string &path, char **argv, int *outStatus) {
  passedOn = 0;
  SignalsToChild forwarding;
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) {
    forwarding.restore();
    // The child must not outlive us: nobody would clean up after it.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
      _exit(TRAFO_INTERNAL);
    execv(path.c_str(), argv);
    fprintf(stderr, "trafo: error: TRAFO-DRV-0004: cannot start %s: %s\n", path.c_str(), strerror(errno));
    _exit(TRAFO_UNSUPPORTED);
  }
  if (pid < 0) {
    fprintf(stderr, "trafo: error: TRAFO-DRV-0004: cannot start %s: %s\n", path.c_str(), strerror(errno));
    return false;
  }
  childPid = pid;
  if (passedOn) // came before there was anybody to pass it on to
    kill(pid, passedOn);
  while (waitpid(pid, outStatus, 0) < 0 && errno == EINTR)
    ;
  childPid = 0;
  return true;
}

int reportEnd(int status, const std::string &output) {
  std::string reproducer = output.empty() ? "" : output + ".reproducer.mlir";
  bool left = !reproducer.empty() && access(reproducer.c_str(), F_OK) == 0;
  int signal = WTERMSIG(status);
  if (signal == SIGINT || passedOn != 0)
    return TRAFO_CANCELLED;
  if (signal == SIGKILL)
    fprintf(stderr, "trafo: error: TRAFO-DRV-0002: the compiler was killed, most likely because memory ran out; try a "
                    "smaller --context or free some memory\n");
  else
    fprintf(stderr, "trafo: error: TRAFO-DRV-0003: the compiler crashed (%s)%s%s; this is a bug of Trafo\n",
            strsignal(signal), left ? "; the IR that it was given is in " : "", left ? reproducer.c_str() : "");
  return TRAFO_INTERNAL;
}

} // namespace

std::string toolFolder() {
  char path[4096];
  ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
  if (n <= 0)
    return ".";
  path[n] = 0;
  *strrchr(path, '/') = 0;
  return path;
}

/// Refuses a model file that its readers refuse. The child would say the same, but starting it takes more memory than a
/// damaged file is worth.
static int refuseModel(const std::string &path) {
  auto refuse = [](const Error &error) {
    fprintf(stderr, "trafo: error: %s\n", error.message.c_str());
    return error.exitCode;
  };
  Result<Checkpoint> checkpoint = readGguf(path);
  if (!checkpoint)
    return refuse(checkpoint.error());
  Result<DecoderSpec> spec = describeModel(*checkpoint);
  return spec ? TRAFO_OK : refuse(spec.error());
}

int runCompiler(const std::vector<std::string> &arguments, const std::string &output) {
  for (const std::string &argument : arguments)
    if (argument.size() > 5 && argument[0] != '-' && argument != output &&
        argument.compare(argument.size() - 5, 5, ".gguf") == 0)
      if (int status = refuseModel(argument))
        return status;
  std::string compiler = findCompiler();
  if (compiler.empty()) {
    fprintf(stderr, "trafo: error: TRAFO-DRV-0001: found no trafo-compiler in %s; install Trafo completely\n",
            toolFolder().c_str());
    return TRAFO_UNSUPPORTED;
  }
  std::vector<char *> argv = {const_cast<char *>("trafo-compiler")};
  for (const std::string &argument : arguments)
    argv.push_back(const_cast<char *>(argument.c_str()));
  argv.push_back(nullptr);
  // A reproducer that lies there from an earlier crash says nothing about this run.
  if (!output.empty())
    unlink((output + ".reproducer.mlir").c_str());

  int status = 0;
  if (!runAndWait(compiler, argv.data(), &status))
    return TRAFO_NO_RESOURCE;
  bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!clean && !output.empty())
    for (const char *ending : kEndings)
      removeStaleTemporaries(output + ending);
  return WIFEXITED(status) ? WEXITSTATUS(status) : reportEnd(status, output);
}

std::string outputOf(const std::vector<std::string> &arguments) {
  std::string output, model;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string &argument = arguments[i];
    if (i > 0 && model.empty() && argument[0] != '-')
      model = argument.substr(argument.rfind('/') + 1);
    if ((argument == "-o" || argument == "--output" || argument == "-output") && i + 1 < arguments.size())
      output = arguments[++i];
    else if (argument.rfind("--output=", 0) == 0)
      output = argument.substr(9);
    else if (argument.rfind("-o=", 0) == 0)
      output = argument.substr(3);
    else if (argument.rfind("-o", 0) == 0 && argument.size() > 2 && argument[2] != '-')
      output = argument.substr(2);
  }
  if (output.empty())
    output = model.substr(0, model.rfind('.'));
  return output == "-" ? "" : output;
}

TemporaryFolder::~TemporaryFolder() {
  for (const std::string &name : files)
    unlink(name.c_str());
  if (!path.empty())
    rmdir(path.c_str());
}

int TemporaryFolder::make() {
  const char *folder = getenv("TMPDIR");
  std::string place = std::string(folder && *folder ? folder : "/tmp") + "/trafo-XXXXXX";
  if (!mkdtemp(place.data())) {
    fprintf(stderr, "trafo: error: TRAFO-DRV-0005: %s: cannot make a temporary folder: %s; set TMPDIR\n", place.c_str(),
            strerror(errno));
    return TRAFO_CANNOT_CREATE;
  }
  path = place;
  return TRAFO_OK;
}

std::string TemporaryFolder::file(const std::string &name) {
  files.push_back(path + "/" + name);
  return files.back();
}

int TemporaryProgram::compile(const std::string &model, const std::vector<std::string> &extra) {
  if (int status = folder.make())
    return status;
  program = folder.file("program");
  std::vector<std::string> arguments = {"compile", model, "-o", program};
  arguments.insert(arguments.end(), extra.begin(), extra.end());
  return runCompiler(arguments, program);
}

int TemporaryProgram::run(char **argv) const {
  int status = 0;
  if (!runAndWait(program, argv, &status))
    return TRAFO_NO_RESOURCE;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace trafo::tool
