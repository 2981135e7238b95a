#ifndef TRAFO_TEST_TEMPORARY_H
#define TRAFO_TEST_TEMPORARY_H

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace trafo::test {

/// A folder for the files of one test, removed with them.
class Temporary {
public:
  Temporary() {
    std::string place = std::filesystem::temp_directory_path() / "trafo-test-XXXXXX";
    path = mkdtemp(place.data());
  }
  ~Temporary() { std::filesystem::remove_all(path); }
  std::string file(const std::string &name) const { return path + "/" + name; }
  size_t count() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {})); }
  static std::string read(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  static void write(const std::string &path, const std::string &bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string path;
};

} // namespace trafo::test

#endif // TRAFO_TEST_TEMPORARY_H
