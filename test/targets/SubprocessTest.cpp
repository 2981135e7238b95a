// Tools that work, fail, never end, and are not there.
#include "lib/Target/Subprocess.h"
#include "gtest/gtest.h"

using namespace trafo::target;

namespace {
llvm::FailureOr<Bytes> shell(llvm::StringRef script, std::string &error, ToolLimits limits = {}) {
  return runTool("/bin/sh", {"-c", script, "sh", "%in", "%out"}, llvm::ArrayRef<char>("abc", 3),
                 /*outputIsStdout=*/false, error, limits);
}

TEST(RunTool, GivesTheToolsOutput) {
  std::string error;
  auto bytes = shell("tr a-z A-Z < $1 > $2", error);
  ASSERT_TRUE(llvm::succeeded(bytes)) << error;
  EXPECT_EQ(llvm::StringRef(bytes->data(), bytes->size()), "ABC");
}

TEST(RunTool, SaysTheFirstThingTheToolSaid) {
  std::string error;
  EXPECT_TRUE(llvm::failed(shell("echo no such chip >&2; echo more >&2; exit 3", error)));
  EXPECT_EQ(error, "/bin/sh ended with 3: no such chip");
}

TEST(RunTool, EndsAToolThatComputesForever) {
  std::string error;
  EXPECT_TRUE(llvm::failed(shell("while :; do :; done", error, {/*cpuSeconds=*/1, /*wallSeconds=*/600})));
  EXPECT_NE(error.find("it may take 1 s of a CPU, 600 s in all"), std::string::npos) << error;
}

TEST(RunTool, EndsAToolThatWaitsForever) {
  std::string error;
  EXPECT_TRUE(llvm::failed(shell("exec sleep 600", error, {/*cpuSeconds=*/600, /*wallSeconds=*/1})));
  EXPECT_NE(error.find("it may take 600 s of a CPU, 1 s in all"), std::string::npos) << error;
}

TEST(RunTool, SaysThatThereIsNoTool) {
  std::string error;
  EXPECT_TRUE(llvm::failed(runTool("/nowhere/ptxas", {}, {}, /*outputIsStdout=*/false, error)));
  EXPECT_NE(error.find("/nowhere/ptxas"), std::string::npos) << error;
}
} // namespace
