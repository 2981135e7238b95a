#include "lib/Artifact/ArtifactWriter.h"

#include "runtime/core/payload.h"
#include "temporary.h"
#include "toy_artifact.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace trafo;
using test::Temporary;

namespace {

class Writer : public testing::Test {
protected:
  /// A file with weights only, of `size` bytes.
  trafo_status_t writeWeights(const std::string &output, size_t size, const std::string &launcher = "") {
    ArtifactWriter writer;
    trafo_status_t s = writer.open({output, launcher, 1, false}, &error);
    if (!s)
      s = writer.beginWeights(&error);
    std::vector<char> bytes(size, 'w');
    if (!s)
      s = writer.writeWeights(bytes.data(), bytes.size(), &error);
    if (!s)
      s = writer.endWeights(&error);
    return s ? s : writer.finish(nullptr, &error);
  }
  Temporary folder;
  trafo_error_t error = {};
};

TEST_F(Writer, WritesWhatTheReaderExpects) {
  test::ToyOptions options;
  options.launcher = folder.file("launcher");
  Temporary::write(options.launcher, "\177ELF" + std::string(5000, 'L'));
  options.output = folder.file("toy");
  ASSERT_EQ(test::writeToy(options), "");
  int fd = open(options.output.c_str(), O_RDONLY);
  runtime::Payload payload;
  ASSERT_EQ(runtime::readPayload(fd, "toy", &error, &payload), TRAFO_OK) << error.message;
  EXPECT_EQ(payload.base, 8192u); // the launcher's end, rounded up
  EXPECT_EQ(payload.header.section_count, 5u);
  EXPECT_EQ(payload.header.model_hash, 0x1234u);
  for (uint32_t i = 0; i < payload.header.section_count; ++i)
    EXPECT_EQ(runtime::checkSectionHash(payload, payload.sections[i], "toy", &error), TRAFO_OK) << error.message;
  EXPECT_EQ(payload.find(TRAFO_SECTION_WEIGHTS)->size, size_t(TOY_WEIGHTS));
  close(fd);
  EXPECT_EQ(Temporary::read(options.output).substr(0, 5004), Temporary::read(options.launcher));
  struct stat status;
  ASSERT_EQ(stat(options.output.c_str(), &status), 0);
  EXPECT_TRUE(status.st_mode & S_IXUSR);
}

TEST_F(Writer, BitsDependOnTheArgumentsOnly) {
  test::ToyOptions options;
  options.output = folder.file("a");
  ASSERT_EQ(test::writeToy(options), "");
  options.output = folder.file("a name of another length");
  mode_t before = umask(0);
  ASSERT_EQ(test::writeToy(options), "");
  umask(before);
  EXPECT_EQ(Temporary::read(folder.file("a")), Temporary::read(options.output));
}

TEST_F(Writer, A13_NobodyElseMayWriteWhateverTheUmask) {
  mode_t before = umask(0);
  ASSERT_EQ(writeWeights(folder.file("out"), 10), TRAFO_OK);
  umask(before);
  struct stat status;
  ASSERT_EQ(stat(folder.file("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST_F(Writer, AnUnfinishedFileIsRemovedAndTheOldOneKept) {
  Temporary::write(folder.file("out"), "old");
  {
    ArtifactWriter writer;
    ASSERT_EQ(writer.open({folder.file("out"), "", 1, false}, &error), TRAFO_OK);
    EXPECT_EQ(folder.count(), 2u);
    ASSERT_EQ(writer.addInfo("{}", 2, &error), TRAFO_OK);
  }
  EXPECT_EQ(folder.count(), 1u);
  EXPECT_EQ(Temporary::read(folder.file("out")), "old");
}

TEST_F(Writer, MisuseIsAnErrorAndLeavesNothing) {
  {
    ArtifactWriter writer;
    EXPECT_EQ(writer.addInfo("{}", 2, &error), TRAFO_INTERNAL);
    ASSERT_EQ(writer.open({folder.file("out"), "", 1, false}, &error), TRAFO_OK);
    EXPECT_EQ(writer.writeWeights("x", 1, &error), TRAFO_INTERNAL);
    EXPECT_EQ(writer.finish(nullptr, &error), TRAFO_INTERNAL); // no section
    ASSERT_EQ(writer.beginWeights(&error), TRAFO_OK);
    EXPECT_EQ(writer.addInfo("{}", 2, &error), TRAFO_INTERNAL);
    EXPECT_EQ(writer.finish(nullptr, &error), TRAFO_INTERNAL);
    ASSERT_EQ(writer.endWeights(&error), TRAFO_OK);
    EXPECT_EQ(writer.beginWeights(&error), TRAFO_INTERNAL); // twice
    EXPECT_STREQ(error.code, "TRAFO-ART-0034");
  }
  EXPECT_EQ(folder.count(), 0u);
}

TEST_F(Writer, OutputsThatCannotBeMade) {
  auto code = [&](const std::string &output) {
    EXPECT_EQ(writeWeights(output, 10), TRAFO_CANNOT_CREATE) << output;
    EXPECT_NE(std::string(error.message).find(output), std::string::npos) << error.message;
    return std::string(error.code);
  };
  EXPECT_EQ(code(folder.file("missing/out")), "TRAFO-ART-0031");
  EXPECT_EQ(code(folder.path), "TRAFO-ART-0031");
  EXPECT_EQ(code("/dev/full"), "TRAFO-ART-0031");
  EXPECT_EQ(code(folder.file(std::string(300, 'n'))), "TRAFO-ART-0031");
  EXPECT_EQ(folder.count(), 0u);
}

TEST_F(Writer, LaunchersThatAreNone) {
  EXPECT_EQ(writeWeights(folder.file("out"), 10, folder.file("missing")), TRAFO_NO_INPUT);
  EXPECT_STREQ(error.code, "TRAFO-ART-0030");
  Temporary::write(folder.file("text"), std::string(100, 't'));
  EXPECT_EQ(writeWeights(folder.file("out"), 10, folder.file("text")), TRAFO_BAD_DATA);
  Temporary::write(folder.file("empty"), "");
  EXPECT_EQ(writeWeights(folder.file("out"), 10, folder.file("empty")), TRAFO_BAD_DATA);
  EXPECT_NE(writeWeights(folder.file("out"), 10, folder.path), TRAFO_OK);
  EXPECT_EQ(folder.count(), 2u); // text and empty
}

/// A19, A22: the disk (here: the size a file may have) ends at every write in turn; the process lives on to say so.
TEST_F(Writer, A22_NoRoomAtEveryWrite) {
  for (rlim_t limit : {0, 100, 4096, 5000, 1 << 20, (1 << 20) + 4096, 3 << 20}) {
    pid_t pid = fork();
    if (pid == 0) {
      signal(SIGXFSZ, SIG_IGN);
      rlimit size = {limit, limit};
      setrlimit(RLIMIT_FSIZE, &size);
      trafo_status_t status = writeWeights(folder.file("out"), 4 << 20);
      _exit(status == TRAFO_IO && std::string(error.code) == "TRAFO-ART-0032" ? 0 : 1);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << limit;
    EXPECT_EQ(folder.count(), 0u) << limit;
  }
}

/// A25: a writer killed at some moment leaves the old file; the next writer sweeps what it left, but not a living one's.
TEST_F(Writer, A25_KilledWritersAreSweptAway) {
  Temporary::write(folder.file("out"), "old");
  for (int i = 0; i < 3; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      ArtifactWriter writer;
      writer.open({folder.file("out"), "", 1, false}, &error);
      writer.beginWeights(&error);
      std::vector<char> bytes(1 << 20);
      for (;;)
        writer.writeWeights(bytes.data(), bytes.size() / 16, &error);
    }
    usleep(20000 + i * 7000);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  EXPECT_EQ(Temporary::read(folder.file("out")), "old");
  ArtifactWriter living;
  Temporary::write(folder.file("out.tmp.not-a-pid"), "somebody's");
  ASSERT_EQ(living.open({folder.file("out"), "", 1, false}, &error), TRAFO_OK);
  EXPECT_EQ(folder.count(), 3u); // out, somebody's, the living one's
  removeStaleTemporaries(folder.file("out"));
  EXPECT_EQ(folder.count(), 3u);
  ASSERT_EQ(living.addInfo("{}", 2, &error), TRAFO_OK);
  ASSERT_EQ(living.finish(nullptr, &error), TRAFO_OK) << error.message;
  EXPECT_NE(Temporary::read(folder.file("out")), "old");
}

} // namespace
