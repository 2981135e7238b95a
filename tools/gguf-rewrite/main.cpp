//===- main.cpp - trafo-gguf-rewrite --------------------------------------===//
#include "lib/Import/Gguf.h"
#include "lib/Import/Quantize.h"
#include "tools/gguf-rewrite/Rewrite.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace trafo;

namespace {
constexpr const char *kUsage =
    "usage: trafo-gguf-rewrite <in.gguf> <out.gguf> [--type <format>] [--layers <n>]\n"
    "\n"
    "Writes a model again: its matrices in another storage format (round to nearest even; vectors stay as they are),\n"
    "its first n layers only, or both.\n";

std::string storable() {
  std::string out;
  for (const FormatInfo &info : kFormats)
    if (canQuantize(info.format) && info.isInFiles())
      out += concat(out.empty() ? "" : ", ", info.name);
  return out;
}

int usageError(const std::string &what) {
  std::fprintf(stderr, "trafo-gguf-rewrite: error: %s; --help shows the usage\n", what.c_str());
  return 2;
}
} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> paths;
  RewriteOptions options;
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    if (argument == "--help") {
      std::printf("%sformats: %s\n", kUsage, storable().c_str());
      return 0;
    }
    if (argument != "--type" && argument != "--layers") {
      if (argument.substr(0, 2) == "--")
        return usageError(concat("unknown option ", quoted(argument)));
      paths.push_back(argument);
      continue;
    }
    if (++i == argc)
      return usageError(concat(argument, " needs a value"));
    if (argument == "--type") {
      const FormatInfo *info = findFormat(argv[i]);
      if (!info || !canQuantize(info->format))
        return usageError(concat("--type is ", quoted(argv[i]), ", expected one of ", storable()));
      options.format = info->format;
    } else {
      char *end = nullptr;
      unsigned long layers = std::strtoul(argv[i], &end, 10);
      if (end == argv[i] || *end != '\0' || layers == 0 || layers > UINT32_MAX)
        return usageError(concat("--layers is ", quoted(argv[i]), ", expected a number above 0"));
      options.layers = static_cast<uint32_t>(layers);
    }
  }
  if (paths.size() != 2)
    return usageError(concat("expected two files, got ", paths.size()));
  if (!options.format && !options.layers)
    return usageError("nothing to do without --type or --layers");

  auto checkpoint = readGguf(paths[0]);
  if (!checkpoint) {
    std::fprintf(stderr, "trafo-gguf-rewrite: error: %s\n", checkpoint.error().message.c_str());
    return checkpoint.error().exitCode;
  }
  if (auto failure = rewriteGguf(*checkpoint, options, paths[1])) {
    std::fprintf(stderr, "trafo-gguf-rewrite: error: %s\n", failure->message.c_str());
    return failure->exitCode;
  }
  return 0;
}
