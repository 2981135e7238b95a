#ifndef TRAFO_TEST_TOY_ARTIFACT_H
#define TRAFO_TEST_TOY_ARTIFACT_H

#include "toy/toy_layout.h"
#include "trafo/runtime.h"

#include <string>
#include <vector>

namespace trafo::test {

/// One tier of code: which image, and what it claims to need.
struct ToyCode {
  std::string image; ///< path of an ELF image, empty: the toy's own
  uint64_t features = 0;
};

struct ToyOptions {
  std::string output;
  std::string launcher; ///< empty: a bare payload
  std::string script = "Hello";
  std::vector<ToyCode> code = {{}};
  bool text = true;
  bool weights = true;     ///< false: as for a library, whose weights lie beside it
  bool codeAndPlan = true; ///< false: a file that carries weights only
  uint64_t modelHash = 0x1234;
  uint64_t window = 0;     ///< positions a row sees; 0: all. (The toy looks back at one.)
  uint8_t weightsSeed = 0; ///< another one: the same model packed or quantised otherwise
};

/// The memory plan of the toy.
trafo_manifest_t toyManifest();

/// Writes the toy's artefact; "" or what went wrong.
std::string writeToy(const ToyOptions &options);

/// Where the build keeps the toy's image and the launcher.
std::string toyImage();
std::string toyImageAvx2();

} // namespace trafo::test

#endif // TRAFO_TEST_TOY_ARTIFACT_H
