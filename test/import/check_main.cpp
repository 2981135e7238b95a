//===- check_main.cpp - trafo-import-check --------------------------------===//
//
// usage: trafo-import-check [--json] <model.gguf>
// `trafo inspect` of a model file without the rest of Trafo, for the tests of whole processes.
//
//===----------------------------------------------------------------------===//
#include "lib/Import/Inspect.h"

#include <cstring>

int main(int argc, char **argv) {
  trafo::InspectOptions options;
  options.json = argc == 3 && std::strcmp(argv[1], "--json") == 0;
  options.tensors = options.json;
  if (argc != (options.json ? 3 : 2))
    return 2;
  auto done = trafo::inspectGguf(argv[argc - 1], options, stdout);
  if (done)
    return 0;
  std::fprintf(stderr, "trafo-import-check: error: %s\n", done.error().message.c_str());
  return done.error().exitCode;
}
