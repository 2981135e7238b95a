//===- TextSection.h - a model's tokenizer and chat template, packed ------===//
#ifndef TRAFO_IMPORT_TEXT_TEXTSECTION_H
#define TRAFO_IMPORT_TEXT_TEXTSECTION_H

#include "lib/Import/Checkpoint.h"
#include "lib/Import/Text/TokenizerData.h"

namespace trafo {

struct TextSectionOptions {
  /// Off: the section has no chat template and the file's is not even read (`--no-chat-template`).
  bool chatTemplate = true;
};

/// Makes the bytes of a TEXT section (include/trafo/text_section.h): checks the vocabulary, undoes the byte-level
/// spelling, sorts the tables, turns the chat template into data, and reads the result back as the runtime will. Errors:
/// ErrorCode::Text* and ErrorCode::Template*; a template that cannot become data is an error too, since leaving it out in
/// silence would make a chat model that answers nonsense.
Result<std::vector<uint8_t>> buildTextSection(const TokenizerData &data, const TextSectionOptions &options = {});

/// The same from a checkpoint. \p vocabularyRows is the number of rows of its embedding.
Result<std::vector<uint8_t>> buildTextSection(const Checkpoint &checkpoint, uint64_t vocabularyRows,
                                              const TextSectionOptions &options = {});

} // namespace trafo

#endif // TRAFO_IMPORT_TEXT_TEXTSECTION_H
