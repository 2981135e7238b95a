//===- corpus_main.cpp - trafo-import-corpus ------------------------------===//
//
// usage: trafo-import-corpus <folder>
// Writes every hostile file as <name>.gguf, a good one as good.gguf, and what each must get as cases.tsv: name, error
// code, exit code.
//
//===----------------------------------------------------------------------===//
#include "test/import/HostileCases.h"
#include "test/import/TemporaryFile.h"

#include <cstdio>
#include <fcntl.h>

using namespace trafo::test;

int main(int argc, char **argv) {
  if (argc != 2)
    return 2;
  std::string folder = std::string(argv[1]) + "/";
  std::FILE *list = std::fopen((folder + "cases.tsv").c_str(), "w");
  if (!list)
    return 73;
  HostileCases cases = hostileCases();
  cases.push_back({"good", tinyLlama().bytes(), "-", 0, {}});
  for (const HostileCase &hostile : cases) {
    std::string path = folder + hostile.name + ".gguf";
    int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0666);
    if (fd < 0 || !writeHostile(hostile, fd) || ::close(fd) != 0)
      return 74;
    std::fprintf(list, "%s\t%s\t%d\n", hostile.name.c_str(), hostile.id.c_str(), hostile.exitCode);
  }
  return std::fclose(list) == 0 ? 0 : 74;
}
