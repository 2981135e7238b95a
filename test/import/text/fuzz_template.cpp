// The fuzz target of chat templates: derives the form of the input. With TRAFO_LIBFUZZER=ON it is a libFuzzer program,
// otherwise part of import_text_test, which replays the corpus.
#include "lib/Import/Text/ChatForm.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  trafo::TokenizerData data;
  data.path = "fuzz";
  data.tokens = {"<s>", "</s>"};
  data.bos = 0;
  data.eos = 1;
  data.chatTemplate = {reinterpret_cast<const char *>(bytes), size};
  trafo::Result<trafo::ChatForm> form = trafo::deriveChatForm(data);
  if (!form && (form.error().message.empty() || form.error().message.find('\n') != std::string::npos))
    std::abort();
  return 0;
}
