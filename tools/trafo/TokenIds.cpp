#include "TokenIds.h"

#include "ModelFile.h"
#include "lib/Import/Gguf.h"
#include "lib/Import/Text/TextSection.h"
#include "runtime/text/tokenizer.h"

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace json = boost::json;

namespace trafo::tool {
namespace {

constexpr size_t kMaxBytes = 256 << 20;

int readFile(const std::string &path, std::string *out) {
  auto unreadable = [&] {
    fprintf(stderr, "trafo: error: TRAFO-EVAL-0001: %s: cannot be read: %s\n", path.c_str(), strerror(errno));
    return TRAFO_NO_INPUT;
  };
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return unreadable();
  char buffer[64 << 10];
  ssize_t n = 0;
  while (out->size() <= kMaxBytes && ((n = read(fd, buffer, sizeof(buffer))) > 0 || (n < 0 && errno == EINTR)))
    out->append(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  int status = n < 0 ? unreadable() : TRAFO_OK;
  close(fd);
  if (status == TRAFO_OK && out->size() > kMaxBytes) {
    fprintf(stderr, "trafo: error: TRAFO-EVAL-0002: %s: has more than %zu bytes; split it\n", path.c_str(), kMaxBytes);
    status = TRAFO_BAD_DATA;
  }
  return status;
}

} // namespace

int readIds(const std::string &path, std::vector<int32_t> *out) {
  std::string text;
  if (int status = readFile(path, &text))
    return status;
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  const json::value *list = &value;
  if (!error && value.is_object())
    list = value.get_object().if_contains("ids");
  if (error || !list || !list->is_array()) {
    fprintf(stderr, "trafo: error: TRAFO-EVAL-0003: %s: expects JSON, [1, 2, ..] or {\"ids\": [1, 2, ..]}%s%s\n",
            path.c_str(), error ? ": " : "", error ? error.message().c_str() : "");
    return TRAFO_BAD_DATA;
  }
  const json::array &ids = list->get_array();
  for (size_t i = 0; i < ids.size(); ++i) {
    const int64_t *id = ids[i].if_int64();
    if (!id || *id < 0 || *id > INT32_MAX) {
      fprintf(stderr, "trafo: error: TRAFO-EVAL-0004: %s: element %zu is %s, expects a token id, 0 to %d\n",
              path.c_str(), i, json::serialize(ids[i]).substr(0, 40).c_str(), INT32_MAX);
      return TRAFO_BAD_DATA;
    }
    out->push_back(static_cast<int32_t>(*id));
  }
  return TRAFO_OK;
}

int writeIds(const std::string &path, const std::vector<int32_t> &ids) {
  std::ofstream file(path, std::ios::binary);
  file << json::serialize(json::value_from(ids));
  if (file.flush())
    return TRAFO_OK;
  fprintf(stderr, "trafo: error: TRAFO-EVAL-0005: %s: cannot be written\n", path.c_str());
  return TRAFO_CANNOT_CREATE;
}

int tokenizeFile(const std::string &path, const trafo_model_t *model, std::vector<int32_t> *out) {
  std::string text;
  if (int status = readFile(path, &text))
    return status;
  trafo_error_t error = {};
  size_t count = text.size() + 16;
  do {
    out->resize(count);
    if (trafo_status_t s = trafo_tokenize(model, {text.data(), text.size()}, TRAFO_TEXT_ADD_SPECIAL, out->data(),
                                          out->size(), &error, &count))
      return report(s, error);
  } while (count > out->size());
  out->resize(count);
  return TRAFO_OK;
}

int tokenizeFile(const std::string &path, const std::string &modelFile, std::vector<int32_t> *out) {
  std::string text;
  if (int status = readFile(path, &text))
    return status;
  auto refuse = [](const Error &error) {
    fprintf(stderr, "trafo: error: %s\n", error.message.c_str());
    return error.exitCode;
  };
  Result<Checkpoint> checkpoint = readGguf(modelFile);
  if (!checkpoint)
    return refuse(checkpoint.error());
  Result<StringArray> tokens = checkpoint->getStrings("tokenizer.ggml.tokens");
  if (!tokens)
    return refuse(tokens.error());
  TextSectionOptions options;
  options.chatTemplate = false;
  Result<std::vector<uint8_t>> section = buildTextSection(*checkpoint, tokens->size(), options);
  if (!section)
    return refuse(section.error());
  std::unique_ptr<text::Tokenizer> tokenizer;
  text::Status status = text::Tokenizer::load(section->data(), section->size(), &tokenizer);
  text::EncodeOptions encode;
  encode.addBos = true;
  if (status.ok())
    status = tokenizer->encode(text, encode, out);
  if (!status.ok()) {
    fprintf(stderr, "trafo: error: %s: %s: %s\n", status.code, path.c_str(), status.message.c_str());
    return status.exitCode;
  }
  return TRAFO_OK;
}

} // namespace trafo::tool
