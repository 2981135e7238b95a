#include "test/runtime/text/section_input.h"

#include "runtime/text/chat_template.h"
#include "runtime/text/stream_decoder.h"

#include <cstring>

namespace trafo::test {

std::string useSection(const uint8_t *bytes, size_t size) {
  // A heap block of exactly this size, so that the sanitizer sees the first byte past the end.
  const std::unique_ptr<uint8_t[]> exact(new uint8_t[size + (size == 0)]);
  if (size > 0)
    std::memcpy(exact.get(), bytes, size);
  std::unique_ptr<text::Tokenizer> tokenizer;
  if (text::Status status = text::Tokenizer::load(exact.get(), size, &tokenizer); !status.ok())
    return status.message.empty() ? "error without message" : status.message;

  std::vector<int32_t> ids;
  for (bool parseSpecial : {false, true})
    tokenizer->encode("<s>abcabc 12345 \xF0\x9F\x98\x80\xFF<e>", {parseSpecial, true}, &ids);
  for (int32_t id = -2; id < 300; ++id)
    ids.push_back(id);
  ids.push_back(static_cast<int32_t>(tokenizer->tokenCount()));
  text::StreamDecoder decoder(*tokenizer, true);
  std::string out;
  for (int32_t id : ids) {
    decoder.push(id, &out);
    tokenizer->isEndOfGeneration(id);
  }
  decoder.finish(&out);
  const text::ChatTemplate chat(*tokenizer);
  const text::ChatMessage messages[] = {{"system", " a "}, {"user", "b<e>"}, {"assistant", "c"}};
  for (size_t first = 0; first < 3; ++first)
    for (bool generate : {false, true}) {
      chat.render(messages + first, 3 - first, generate, &ids);
      chat.renderText(messages + first, 3 - first, generate, &out);
    }
  return "";
}

} // namespace trafo::test
