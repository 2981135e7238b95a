//===- replay_main.cpp - runs a fuzz target over a corpus -----------------===//
//
// usage: <target> [--mutate N] <file or folder>...
// Gives every file to the target; with --mutate also N changed copies of each file of at most 64 KiB, always the same.
//
//===----------------------------------------------------------------------===//
#include "test/import/HostileCases.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {
constexpr size_t kMostMutated = 64 << 10;

void run(const std::string &bytes) {
  // A copy of exactly this size, so that a read past the end is one past an allocation.
  auto *copy = static_cast<uint8_t *>(std::malloc(bytes.empty() ? 1 : bytes.size()));
  std::memcpy(copy, bytes.data(), bytes.size());
  LLVMFuzzerTestOneInput(copy, bytes.size());
  std::free(copy);
}

std::string mutated(std::string bytes, std::mt19937 &random) {
  static const uint64_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, UINT64_MAX, uint64_t(1) << 63};
  for (unsigned change = random() % 4 + 1; change > 0 && !bytes.empty(); --change) {
    size_t at = random() % bytes.size();
    switch (random() % 4) {
    case 0:
      bytes[at] = static_cast<char>(random());
      break;
    case 1:
      std::memcpy(&bytes[at], &interesting[random() % std::size(interesting)], std::min<size_t>(8, bytes.size() - at));
      break;
    case 2:
      bytes.erase(at, random() % 16 + 1);
      break;
    default:
      bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 16 + 1));
    }
  }
  return bytes;
}
} // namespace

int main(int argc, char **argv) {
  unsigned mutations = 0;
  size_t inputs = 0;
  std::mt19937 random(1);
  auto runAll = [&](const std::string &bytes) {
    run(bytes);
    ++inputs;
    for (unsigned i = 0; i < mutations && bytes.size() <= kMostMutated; ++i, ++inputs)
      run(mutated(bytes, random));
  };
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--mutate") == 0 && i + 1 < argc) {
      mutations = static_cast<unsigned>(std::atoi(argv[++i]));
      continue;
    }
    std::vector<std::filesystem::path> files;
    if (std::filesystem::is_directory(argv[i]))
      for (const auto &entry : std::filesystem::directory_iterator(argv[i]))
        files.push_back(entry.path());
    else
      files.emplace_back(argv[i]);
    std::sort(files.begin(), files.end());
    for (const auto &path : files) {
      std::ifstream in(path, std::ios::binary);
      runAll({std::istreambuf_iterator<char>(in), {}});
    }
  }
  for (const auto &hostile : trafo::test::hostileCases())
    runAll(hostile.bytes);
  runAll(trafo::test::tinyLlama().bytes());
  std::printf("%zu inputs\n", inputs);
  return 0;
}
