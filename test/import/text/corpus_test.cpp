// Replays the templates of the corpus, and changed copies of each, always the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

constexpr int kCopies = 100;

/// Pieces of the language, which mutations of single bytes seldom hit.
constexpr const char *kPieces[] = {
    "{%", "%}", "{{",  "}}", "{#",   "#}",  "-",      "\n",        "(",         ")",           "[",        "]", "| ",
    ".",  "'",  "in ", "+",  "not ", " if", " else ", "messages ", "loop.last", "namespace()", "range(9)", "~ "};

std::string changed(std::string text, std::mt19937 &random) {
  for (unsigned change = random() % 3 + 1; change > 0 && !text.empty(); --change) {
    const size_t at = random() % text.size();
    switch (random() % 4) {
    case 0:
      text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, random() % 12 + 1);
      break;
    case 2:
      text.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    default:
      text.insert(at, text.substr(random() % text.size(), random() % 40 + 1));
    }
  }
  return text;
}

TEST(Corpus, templatesEndInAFormOrAnError) {
  std::mt19937 random(1);
  std::vector<std::filesystem::path> files;
  for (const auto &entry : std::filesystem::directory_iterator(TRAFO_TEMPLATE_CORPUS))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 20u);
  for (const auto &path : files) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (int copy = 0; copy <= kCopies; ++copy) {
      const std::string input = copy == 0 ? text : changed(text, random);
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(input.data()), input.size());
    }
  }
}

} // namespace
