//===- TextSection.cpp - a model's tokenizer and chat template, packed ----===//
#include "lib/Import/Text/TextSection.h"

#include "lib/Import/Text/ChatForm.h"
#include "lib/Import/Text/Vocabulary.h"
#include "lib/Import/TokenizerKeys.h"
#include "runtime/text/pre_tokenizer.h"
#include "runtime/text/tokenizer.h"

#include <cstring>
#include <map>

namespace trafo {
namespace {

/// Puts tables one behind the other. Sizes are checked once at the end: positions are 64 bits wide until then.
class Writer {
public:
  Writer() : bytes(sizeof(trafo_text_header_t)) { std::memcpy(header.magic, TRAFO_TEXT_MAGIC, sizeof(header.magic)); }

  trafo_text_span_t add(const void *data, size_t size) {
    while (bytes.size() % 4 != 0)
      bytes.push_back(0);
    const trafo_text_span_t span{static_cast<uint32_t>(bytes.size()), static_cast<uint32_t>(size)};
    const auto *first = static_cast<const uint8_t *>(data);
    bytes.insert(bytes.end(), first, first + size);
    return span;
  }
  template <class T> trafo_text_span_t add(const std::vector<T> &table) {
    return add(table.data(), table.size() * sizeof(T));
  }
  /// Equal texts are stored once.
  trafo_text_span_t add(const ChatForm::Text &text) {
    if (!text)
      return {TRAFO_TEXT_REFUSED, 0};
    const auto [place, isNew] = texts.try_emplace(*text);
    if (isNew)
      place->second = add(text->data(), text->size());
    return place->second;
  }
  std::vector<uint8_t> finish() {
    header.version = TRAFO_TEXT_VERSION;
    header.size = static_cast<uint32_t>(bytes.size());
    std::memcpy(bytes.data(), &header, sizeof(header));
    return std::move(bytes);
  }
  size_t size() const { return bytes.size(); }

  trafo_text_header_t header{};

private:
  std::vector<uint8_t> bytes;
  std::map<std::string, trafo_text_span_t> texts;
};

void writeVocabulary(const Vocabulary &vocabulary, bool wholeWords, Writer *writer) {
  const auto count = static_cast<uint32_t>(vocabulary.bytes.size());
  std::vector<uint32_t> offsets{0};
  std::vector<uint8_t> text;
  for (const std::string &token : vocabulary.bytes) {
    text.insert(text.end(), token.begin(), token.end());
    offsets.push_back(static_cast<uint32_t>(text.size()));
  }
  std::vector<uint32_t> rows(count + 1);
  std::vector<trafo_text_merge_t> merges;
  for (const Vocabulary::Merge &merge : vocabulary.merges) {
    ++rows[merge.left + 1];
    merges.push_back({merge.right, merge.rank, merge.result});
  }
  for (uint32_t id = 0; id < count; ++id)
    rows[id + 1] += rows[id];

  trafo_text_header_t &header = writer->header;
  header.token_count = count;
  header.token_offsets = writer->add(offsets);
  header.token_bytes = writer->add(text);
  header.token_types = writer->add(vocabulary.types);
  header.byte_tokens = writer->add(vocabulary.byteTokens.data(), sizeof(vocabulary.byteTokens));
  header.merge_rows = writer->add(rows);
  header.merges = writer->add(merges);
  header.words = writer->add(wholeWords ? vocabulary.words : std::vector<uint32_t>());
  header.specials = writer->add(vocabulary.specials);
  header.end_tokens = writer->add(vocabulary.endTokens);
}

void writeChat(const ChatForm &form, Writer *writer) {
  trafo_text_chat_t chat{};
  for (uint32_t role = 0; role < TRAFO_ROLE_COUNT; ++role) {
    chat.open[role] = writer->add(form.open[role]);
    for (uint32_t later = 0; later < TRAFO_ROLE_COUNT; ++later)
      chat.between[role][later] = writer->add(form.between[role][later]);
    chat.close[role] = writer->add(form.close[role]);
    chat.close_generate[role] = writer->add(form.closeGenerate[role]);
    chat.trims[role] = form.trims[role];
  }
  writer->header.chat = writer->add(&chat, sizeof(chat));
}

int32_t idOrNone(const std::optional<uint32_t> &id) { return id ? static_cast<int32_t>(*id) : -1; }

} // namespace

Result<std::vector<uint8_t>> buildTextSection(const TokenizerData &data, const TextSectionOptions &options) {
  if (data.model != "gpt2")
    return makeError(ErrorCode::TextModel, data.path,
                     concat("tokenizer.ggml.model: ", quoted(data.model), " is not supported; supported: gpt2"));
  const std::string_view pre = data.pre.empty() ? "default" : data.pre;
  const text::PreTokenizerRule *rule = text::findPreTokenizer(pre);
  if (!rule)
    return makeError(
        ErrorCode::TextPreTokenizer, data.path,
        concat("tokenizer.ggml.pre: ", quoted(pre), " is not known; supported: ", text::supportedPreTokenizers()));
  Result<Vocabulary> vocabulary = readVocabulary(data);
  if (!vocabulary)
    return std::move(vocabulary.error());

  Writer writer;
  trafo_text_header_t &header = writer.header;
  if (data.addBos ? *data.addBos : rule->addsBos)
    header.flags |= TRAFO_TEXT_ADD_BOS;
  if (rule->wholeWords)
    header.flags |= TRAFO_TEXT_WHOLE_WORDS;
  header.bos = idOrNone(data.bos);
  header.eos = idOrNone(data.eos);
  header.unknown = idOrNone(data.unknown);
  header.padding = idOrNone(data.padding);
  header.pre_tokenizer = writer.add(pre.data(), pre.size());
  writeVocabulary(*vocabulary, rule->wholeWords, &writer);
  if (options.chatTemplate && !data.chatTemplate.empty()) {
    Result<ChatForm> form = deriveChatForm(data);
    if (!form)
      return std::move(form.error());
    writeChat(*form, &writer);
  }
  if (writer.size() > TRAFO_TEXT_MAX_SECTION_BYTES)
    return makeError(ErrorCode::TextTooLarge, data.path,
                     concat("tokenizer.ggml.tokens: the TEXT section has ", uint64_t(writer.size()), " bytes, limit ",
                            uint64_t{TRAFO_TEXT_MAX_SECTION_BYTES}));
  std::vector<uint8_t> section = writer.finish();
  std::unique_ptr<text::Tokenizer> readBack;
  if (text::Status status = text::Tokenizer::load(section.data(), section.size(), &readBack); !status.ok())
    return makeError(ErrorCode::TextInternal, data.path, status.message);
  return section;
}

Result<std::vector<uint8_t>> buildTextSection(const Checkpoint &checkpoint, uint64_t vocabularyRows,
                                              const TextSectionOptions &options) {
  Result<TokenizerKeys> keys = readTokenizerKeys(checkpoint);
  if (!keys)
    return std::move(keys.error());
  TokenizerData data;
  data.path = checkpoint.path;
  data.model = keys->model;
  data.pre = keys->pre;
  data.vocabularyRows = vocabularyRows;
  if (Result<void> done = checkListSizes(data.path, keys->tokens.size(), keys->merges.size()); !done)
    return std::move(done.error());
  data.tokens = keys->tokens.views();
  data.merges = keys->merges.views();
  data.types.reserve(keys->types.size());
  for (uint64_t id = 0; id < keys->types.size(); ++id)
    data.types.push_back(keys->types[id]);
  data.scores.reserve(keys->scores.size());
  for (uint64_t id = 0; id < keys->scores.size(); ++id)
    data.scores.push_back(keys->scores[id]);
  data.bos = keys->bos;
  data.eos = keys->eos;
  data.eot = keys->eot;
  data.unknown = keys->unknown;
  data.padding = keys->padding;
  data.chatTemplate = keys->chatTemplate;
  Result<std::optional<uint32_t>> eom = checkpoint.findU32("tokenizer.ggml.eom_token_id");
  if (!eom)
    return std::move(eom.error());
  data.eom = *eom;
  Result<std::optional<bool>> addBos = checkpoint.findBool("tokenizer.ggml.add_bos_token"); // absence means something
  if (!addBos)
    return std::move(addBos.error());
  data.addBos = *addBos;
  return buildTextSection(data, options);
}

} // namespace trafo
