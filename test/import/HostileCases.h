//===- HostileCases.h - the table of hostile GGUF files -------------------===//
//
// Rows G01 to G42 of the catalogue of bad inputs, each with its variants: the bytes, the error code they must get and
// the facts its message must state. Read by the GoogleTest cases, by the replayer of the fuzz target, and, written out
// by trafo-import-corpus, by the tests of whole processes.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_TEST_IMPORT_HOSTILECASES_H
#define TRAFO_TEST_IMPORT_HOSTILECASES_H

#include "test/import/GgufBuilder.h"

#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace trafo::test {

struct HostileCase {
  std::string name; ///< "G09_key_of_length_0"
  std::string bytes;
  std::string id; ///< the stable error code
  int exitCode;
  std::vector<std::string> facts; ///< each found in the message: offset or key, value, limit
  uint64_t fileBytes = 0;         ///< the file is this long, the rest a hole; 0: as long as `bytes`
  std::vector<std::pair<uint64_t, std::string>> islands = {}; ///< bytes at offsets in the hole
};

/// How GoogleTest calls a case.
inline void PrintTo(const HostileCase &hostile, std::ostream *out) { *out << hostile.name; }

using HostileCases = std::vector<HostileCase>;

void addHeaderCases(HostileCases &cases);   ///< G01 to G08
void addMetadataCases(HostileCases &cases); ///< G09 to G26
void addTensorCases(HostileCases &cases);   ///< G27 to G40
void addModelCases(HostileCases &cases);    ///< G22, G42 and what only the model's description can refuse

/// All of them.
HostileCases hostileCases();

} // namespace trafo::test

#endif // TRAFO_TEST_IMPORT_HOSTILECASES_H
