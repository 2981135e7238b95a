//===- EvalReferenceTest.cpp - logits as a NumPy file ---------------------===//
#include "ParsedModule.h"
#include "lib/Reference/Reference.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace trafo;

namespace {
class EvalReference : public ParsedModule {
protected:
  void SetUp() override {
    llvm::SmallString<128> path;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("trafo-eval", path));
    folder = path.str();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }
  std::string folder;
};

TEST_F(EvalReference, WritesFloatRows) {
  parseTinyDecoder();
  std::vector<int32_t> tokens;
  for (int i = 0; i < 100; ++i)
    tokens.push_back((i * 37 + 5) % 100);
  std::string path = folder + "/logits.npy";
  int64_t last = 0;
  ASSERT_TRUE(mlir::succeeded(evalReference(*module, tokens, path, {}, [&](int64_t done, int64_t total) {
    EXPECT_EQ(total, 100);
    last = done;
  }))) << message;
  EXPECT_EQ(last, 100);
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  ASSERT_TRUE(bool(file));
  llvm::StringRef bytes = (*file)->getBuffer();
  ASSERT_EQ(bytes.size(), 128u + 100 * 100 * 4);
  EXPECT_TRUE(bytes.starts_with(
      llvm::StringRef("\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (100, 100), }", 70)))
      << bytes.substr(0, 128).str();
  EXPECT_EQ(bytes[127], '\n');
  auto whole = Interpreter(*module, {}).step(sequenceStep(tokens));
  ASSERT_TRUE(mlir::succeeded(whole));
  for (size_t i = 0; i < whole->values.size(); ++i) {
    float value;
    std::memcpy(&value, bytes.data() + 128 + 4 * i, 4);
    ASSERT_EQ(value, static_cast<float>(whole->values[i])) << i;
  }
}

TEST_F(EvalReference, LeavesNothingBehindOnFailure) {
  parseTinyDecoder();
  EXPECT_TRUE(mlir::failed(evalReference(*module, {1, 2, 100}, folder + "/logits.npy")));
  EXPECT_TRUE(mlir::failed(evalReference(*module, {}, folder + "/logits.npy")));
  EXPECT_EQ(message, "expects at least one token to evaluate");
  EXPECT_TRUE(mlir::failed(evalReference(*module, {1}, folder + "/no/such/folder.npy")));
  EXPECT_NE(message.find("folder.npy"), std::string::npos) << message;
  std::error_code error;
  EXPECT_TRUE(llvm::sys::fs::directory_iterator(folder, error) == llvm::sys::fs::directory_iterator());
}
} // namespace
