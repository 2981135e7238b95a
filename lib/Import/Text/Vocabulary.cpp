//===- Vocabulary.cpp - the checked vocabulary of a byte-level BPE --------===//
#include "lib/Import/Text/Vocabulary.h"

#include "lib/Import/Text/ByteAlphabet.h"
#include "runtime/text/tokenizer.h"
#include "runtime/text/utf8.h"
#include "trafo/text_section.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

namespace trafo {
namespace {

using text::TokenType;

class Reader {
public:
  explicit Reader(const TokenizerData &data) : data(data) {}

  Result<Vocabulary> read() {
    for (auto step : {&Reader::checkCounts, &Reader::readTokens, &Reader::readMerges, &Reader::readIds})
      if (Result<void> done = (this->*step)(); !done)
        return std::move(done.error());
    sortTables();
    return std::move(made);
  }

private:
  Error error(ErrorCode code, const std::string &detail) const { return makeError(code, data.path, detail); }
  TokenType type(uint32_t id) const { return static_cast<TokenType>(made.types[id]); }
  /// Control and unknown tokens: what text must never become.
  bool isControl(uint32_t id) const { return type(id) == TokenType::Control || type(id) == TokenType::Unknown; }

  Result<void> checkCounts() {
    const uint64_t tokens = data.tokens.size();
    if (Result<void> done = checkListSizes(data.path, tokens, data.merges.size()); !done)
      return done;
    if (tokens != data.vocabularyRows)
      return error(ErrorCode::TextCount, concat("tokenizer.ggml.tokens: ", tokens, " tokens, but the embedding has ",
                                                data.vocabularyRows, " rows"));
    if (!data.types.empty() && data.types.size() != tokens)
      return error(ErrorCode::TextCount, concat("tokenizer.ggml.token_type: ", uint64_t(data.types.size()),
                                                " types for ", tokens, " tokens"));
    if (!data.scores.empty() && data.scores.size() != tokens)
      return error(ErrorCode::TextCount,
                   concat("tokenizer.ggml.scores: ", uint64_t(data.scores.size()), " scores for ", tokens, " tokens"));
    for (size_t id = 0; id < data.scores.size(); ++id)
      if (!std::isfinite(data.scores[id]))
        return error(ErrorCode::TextScore, concat("tokenizer.ggml.scores: score ", uint64_t(id), " is not finite"));
    return {};
  }

  Result<void> readTokens() {
    const auto count = static_cast<uint32_t>(data.tokens.size());
    made.bytes.reserve(count);
    made.types.reserve(count);
    made.byteTokens.fill(-1);
    idOf.reserve(count);
    uint32_t specials = 0;
    for (uint32_t id = 0; id < count; ++id) {
      const std::string_view token = data.tokens[id];
      const auto where = [&](const std::string &what) {
        return error(ErrorCode::TextToken, concat("tokenizer.ggml.tokens: token ", id, " ", what));
      };
      const int32_t typeId = data.types.empty() ? 1 : data.types[id];
      if (typeId < 1 || typeId > 6)
        return error(ErrorCode::TextToken,
                     concat("tokenizer.ggml.token_type: type of token ", id, " is ", typeId, ", expected 1 to 6"));
      made.types.push_back(static_cast<uint8_t>(typeId));
      if (token.empty())
        return where("is empty");
      const bool special = type(id) == TokenType::Control || type(id) == TokenType::UserDefined;
      const uint32_t limit = special ? TRAFO_TEXT_MAX_SPECIAL_BYTES : TRAFO_TEXT_MAX_TOKEN_BYTES;
      if (token.size() > limit)
        return where(concat("has ", uint64_t(token.size()), " bytes, limit ", limit));
      if (text::wellFormedPrefix(token) != token.size())
        return where(concat(quoted(token), " is not UTF-8"));
      if (!idOf.emplace(token, id).second)
        return where(concat(quoted(token), " is also token ", idOf.find(token)->second));
      if (special && ++specials > TRAFO_TEXT_MAX_SPECIALS)
        return where(concat("is one special token too many, limit ", uint32_t{TRAFO_TEXT_MAX_SPECIALS}));
      if (type(id) != TokenType::Normal) {
        made.bytes.emplace_back(token);
        continue;
      }
      std::optional<std::string> bytes = spelledBytes(token);
      if (!bytes) { // some published vocabularies hold a few; no text becomes one, but a model may emit it
        made.bytes.emplace_back(token);
        continue;
      }
      if (bytes->size() == 1)
        made.byteTokens[static_cast<uint8_t>(bytes->front())] = static_cast<int32_t>(id);
      made.words.push_back(id);
      made.bytes.push_back(std::move(*bytes));
    }
    return {};
  }

  Result<void> readMerges() {
    made.merges.reserve(data.merges.size());
    std::string joined;
    for (uint32_t rank = 0; rank < data.merges.size(); ++rank) {
      const std::string_view merge = data.merges[rank];
      const auto where = [&](const std::string &what) {
        return error(ErrorCode::TextMerge,
                     concat("tokenizer.ggml.merges: merge ", rank, " ", quoted(merge), " ", what));
      };
      const size_t space = merge.find(' ');
      if (space == std::string_view::npos || space == 0 || space + 1 == merge.size() ||
          merge.find(' ', space + 1) != std::string_view::npos)
        return where("is not two tokens with a space between");
      joined.assign(merge.substr(0, space));
      joined += merge.substr(space + 1);
      uint32_t ids[3];
      const std::string_view parts[3] = {merge.substr(0, space), merge.substr(space + 1), joined};
      for (int part = 0; part < 3; ++part) {
        const auto found = idOf.find(parts[part]);
        if (found == idOf.end())
          return where(concat("names ", quoted(parts[part]), ", which is no token"));
        ids[part] = found->second;
        if (isControl(ids[part]))
          return where(concat("names the control token ", quoted(parts[part])));
      }
      made.merges.push_back({ids[0], ids[1], rank, ids[2]});
    }
    std::sort(made.merges.begin(), made.merges.end(), [](const Vocabulary::Merge &a, const Vocabulary::Merge &b) {
      return std::tie(a.left, a.right, a.rank) < std::tie(b.left, b.right, b.rank);
    });
    for (size_t index = 1; index < made.merges.size(); ++index) {
      const Vocabulary::Merge &first = made.merges[index - 1];
      const Vocabulary::Merge &second = made.merges[index];
      if (first.left == second.left && first.right == second.right)
        return error(ErrorCode::TextMerge, concat("tokenizer.ggml.merges: merge ", second.rank, " ",
                                                  quoted(data.merges[second.rank]), " is also merge ", first.rank));
    }
    return {};
  }

  Result<void> readIds() {
    const struct {
      const char *key;
      const std::optional<uint32_t> &id;
    } keys[] = {{"bos", data.bos}, {"eos", data.eos},         {"eot", data.eot},
                {"eom", data.eom}, {"unknown", data.unknown}, {"padding", data.padding}};
    for (const auto &key : keys)
      if (key.id && *key.id >= data.tokens.size())
        return error(ErrorCode::TextSpecialId, concat("tokenizer.ggml.", key.key, "_token_id: ", *key.id,
                                                      ", expected an id below ", uint64_t(data.tokens.size())));
    for (const std::optional<uint32_t> &id : {data.eos, data.eot, data.eom})
      if (id)
        made.endTokens.push_back(*id);
    // Files name one end at most; chat models end their turns with any of these.
    for (const char *text :
         {"<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>",
          "<|end_of_turn|>", "<|END_OF_TURN_TOKEN|>", "<|return|>", "</s>", "<EOT>", "<｜end▁of▁sentence｜>"}) {
      const auto found = idOf.find(text);
      if (found != idOf.end() && isControl(found->second))
        made.endTokens.push_back(found->second);
    }
    std::sort(made.endTokens.begin(), made.endTokens.end());
    made.endTokens.erase(std::unique(made.endTokens.begin(), made.endTokens.end()), made.endTokens.end());
    return {};
  }

  void sortTables() {
    for (uint32_t id = 0; id < made.types.size(); ++id)
      if (type(id) == TokenType::Control || type(id) == TokenType::UserDefined)
        made.specials.push_back(id);
    for (std::vector<uint32_t> *table : {&made.words, &made.specials})
      std::sort(table->begin(), table->end(), [&](uint32_t a, uint32_t b) { return made.bytes[a] < made.bytes[b]; });
  }

  const TokenizerData &data;
  Vocabulary made;
  std::unordered_map<std::string_view, uint32_t> idOf;
};

} // namespace

Result<void> checkListSizes(const std::string &path, uint64_t tokens, uint64_t merges) {
  if (tokens == 0 || tokens > TRAFO_TEXT_MAX_TOKENS)
    return makeError(ErrorCode::TextCount, path,
                     concat("tokenizer.ggml.tokens: ", tokens, " tokens, limit ", uint64_t{TRAFO_TEXT_MAX_TOKENS}));
  if (merges > TRAFO_TEXT_MAX_MERGES)
    return makeError(ErrorCode::TextCount, path,
                     concat("tokenizer.ggml.merges: ", merges, " merges, limit ", uint64_t{TRAFO_TEXT_MAX_MERGES}));
  return {};
}

Result<Vocabulary> readVocabulary(const TokenizerData &data) { return Reader(data).read(); }

} // namespace trafo
