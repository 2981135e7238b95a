// trafo-write-toy OUT LAUNCHER [key=value...]: the toy's artefact for tests of whole programs. Keys: script, features (a
// number; a second time adds a further tier), image (of the tier named last), seed, hash, only (weights|code).
#include "toy_artifact.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char **argv) {
  trafo::test::ToyOptions options;
  if (argc < 3)
    return 2;
  options.output = argv[1];
  options.launcher = argv[2];
  bool tiers = false;
  for (int i = 3; i < argc; ++i) {
    const char *value = strchr(argv[i], '=');
    if (!value++)
      return 2;
    std::string key(argv[i], static_cast<size_t>(value - argv[i] - 1));
    if (key == "script") {
      options.script = value;
    } else if (key == "features") {
      if (tiers)
        options.code.push_back({});
      tiers = true;
      options.code.back().features = strtoull(value, nullptr, 0);
    } else if (key == "image") {
      options.code.back().image = strcmp(value, "avx2") == 0 ? trafo::test::toyImageAvx2() : value;
    } else if (key == "seed") {
      options.weightsSeed = static_cast<uint8_t>(atoi(value));
    } else if (key == "hash") {
      options.modelHash = strtoull(value, nullptr, 0);
    } else if (key == "only") {
      options.weights = strcmp(value, "weights") == 0;
      options.codeAndPlan = !options.weights;
    } else {
      return 2;
    }
  }
  std::string wrong = trafo::test::writeToy(options);
  if (!wrong.empty())
    fprintf(stderr, "%s\n", wrong.c_str());
  return wrong.empty() ? 0 : 1;
}
