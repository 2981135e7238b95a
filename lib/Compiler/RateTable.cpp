#include "lib/Compiler/RateTable.h"

#include "lib/Import/MappedFile.h"
#include "lib/Target/Target.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"

#include <cmath>
#include <optional>
#include <set>
#include <tuple>

using namespace mlir;
using namespace trafo;

namespace json = llvm::json;

static constexpr size_t kMaxBytes = 1 << 20;
/// A table nests three deep; the parser of JSON would follow brackets as deep as the stack is not.
static constexpr int64_t kMaxDepth = 8;
static constexpr size_t kMaxRates = 4096;

namespace {

/// Takes a table apart, key by key, until something is wrong.
class TableReader {
public:
  TableReader(MLIRContext *context, llvm::StringRef name) : context(context), name(name) {}

  Result<RateTable> read(const json::Value &value);

private:
  Attribute readRate(const json::Value &value, const std::string &at);

  /// The keys of an object, which are those of `keys` and all of them. Null after an error.
  const json::Object *object(const json::Value &value, const std::string &at, ArrayRef<StringRef> keys);
  std::string text(const json::Object &from, const std::string &at, StringRef key, size_t longest);
  double number(const json::Object &from, const std::string &at, StringRef key, double least, double most);
  int64_t integer(const json::Object &from, const std::string &at, StringRef key, int64_t least, int64_t most);

  /// Keeps the first thing that is wrong: what lies at a key, and what should.
  void fail(const std::string &at, const json::Value *got, const llvm::Twine &expected);

  MLIRContext *context;
  llvm::StringRef name;
  std::optional<trafo::Error> error;
  std::set<std::tuple<std::string, bool, int64_t>> seen; ///< format, road and rows of entries
};

} // namespace

void TableReader::fail(const std::string &at, const json::Value *got, const llvm::Twine &expected) {
  if (error)
    return;
  std::string found = "nothing";
  if (got) {
    std::optional<StringRef> string = got->getAsString();
    llvm::raw_string_ostream(found = "") << *got;
    found = quoted(string ? string->str() : found);
  }
  error = makeError(ErrorCode::RatesValue, name.str(),
                    concat(at.empty() ? "the table" : at, ": got ", found, ", expects ", expected.str()));
}

const json::Object *TableReader::object(const json::Value &value, const std::string &at, ArrayRef<StringRef> keys) {
  const json::Object *found = value.getAsObject();
  if (!found) {
    fail(at, &value, "an object with " + llvm::join(keys, ", "));
    return nullptr;
  }
  for (const auto &entry : *found)
    if (!llvm::is_contained(keys, StringRef(entry.first))) {
      json::Value key(StringRef(entry.first).str());
      fail(at, &key, "keys " + llvm::join(keys, ", "));
      return nullptr;
    }
  return found;
}

static std::string below(const std::string &at, StringRef key) { return (at.empty() ? "" : at + ".") + key.str(); }

std::string TableReader::text(const json::Object &from, const std::string &at, StringRef key, size_t longest) {
  const json::Value *value = from.get(key);
  std::optional<StringRef> found = value ? value->getAsString() : std::nullopt;
  if (found && found->size() <= longest)
    return found->str();
  fail(below(at, key), value, "a text of at most " + llvm::Twine(longest) + " bytes");
  return {};
}

double TableReader::number(const json::Object &from, const std::string &at, StringRef key, double least, double most) {
  const json::Value *value = from.get(key);
  std::optional<double> found = value ? value->getAsNumber() : std::nullopt;
  if (found && *found >= least && *found <= most)
    return *found;
  std::string expected;
  llvm::raw_string_ostream(expected) << llvm::format("a number from %g to %g", least, most);
  fail(below(at, key), value, expected);
  return least;
}

int64_t TableReader::integer(const json::Object &from, const std::string &at, StringRef key, int64_t least,
                             int64_t most) {
  const json::Value *value = from.get(key);
  std::optional<int64_t> found = value ? value->getAsInteger() : std::nullopt;
  if (found && *found >= least && *found <= most)
    return *found;
  fail(below(at, key), value, "an integer from " + llvm::Twine(least) + " to " + llvm::Twine(most));
  return least;
}

Attribute TableReader::readRate(const json::Value &value, const std::string &at) {
  const json::Object *rate =
      object(value, at, {"weights", "road", "rows", "gb_per_second", "gmul_per_second", "call_microseconds"});
  if (!rate)
    return {};
  std::string weights = text(*rate, at, "weights", 64), road = text(*rate, at, "road", 64);
  int64_t rows = integer(*rate, at, "rows", 1, 1 << 20);
  double read = number(*rate, at, "gb_per_second", 1e-3, 1e6);
  double multiplied = number(*rate, at, "gmul_per_second", 1e-3, 1e9);
  double call = number(*rate, at, "call_microseconds", 0, 1e9);
  if (!findFormat(weights))
    fail(below(at, "weights"), rate->get("weights"), "a storage format such as q4_1");
  if (road != "generated" && road != "oneDNN")
    fail(below(at, "road"), rate->get("road"), "generated or oneDNN");
  bool library = road == "oneDNN";
  if (!seen.insert({weights, library, rows}).second)
    fail(at, &value, "one entry for " + weights + ", " + road + " and " + llvm::Twine(rows) + " rows");
  return plan::RateAttr::get(context, weights, library, rows, std::llround(read * 1e3), std::llround(multiplied * 1e3),
                             std::llround(call * 1e3));
}

Result<RateTable> TableReader::read(const json::Value &value) {
  RateTable table;
  SmallVector<Attribute> rates;
  if (const json::Object *root = object(value, "", {"version", "target", "cpu", "threads", "library", "rates"})) {
    integer(*root, "", "version", 1, 1);
    table.target = text(*root, "", "target", 64);
    std::string library = text(*root, "", "library", 256);
    table.machine = text(*root, "", "cpu", 256) + ", " + std::to_string(integer(*root, "", "threads", 1, 4096)) +
                    " threads" + (library.empty() ? "" : ", " + library);
    const json::Array *list = root->getArray("rates");
    if (!list || list->size() > kMaxRates)
      fail("rates", root->get("rates"), "a list of at most " + llvm::Twine(kMaxRates) + " rates");
    else
      for (size_t i = 0; i < list->size() && !error; ++i)
        rates.push_back(readRate((*list)[i], concat("rates[", i, "]")));
  }
  if (error)
    return *error;
  table.rates = ArrayAttr::get(context, rates);
  return table;
}

Result<RateTable> trafo::parseRateTable(MLIRContext *context, llvm::StringRef text, llvm::StringRef name) {
  if (text.size() > kMaxBytes)
    return makeError(ErrorCode::RatesTooLarge, name.str(),
                     concat("has ", text.size(), " bytes, a table has at most ", kMaxBytes));
  int64_t depth = 0;
  for (auto [offset, c] : llvm::enumerate(text)) {
    depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    if (depth > kMaxDepth)
      return makeError(ErrorCode::RatesSyntax, name.str(),
                       concat("offset ", offset, ": nests more than ", kMaxDepth, " deep"));
  }
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return makeError(ErrorCode::RatesSyntax, name.str(), llvm::toString(value.takeError()));
  return TableReader(context, name).read(*value);
}

static Result<RateTable> readRateTable(MLIRContext *context, const std::string &path) {
  Result<std::shared_ptr<const MappedFile>> file = MappedFile::open(path);
  if (!file)
    return file.error();
  Span bytes = (*file)->bytes();
  return parseRateTable(context, StringRef(reinterpret_cast<const char *>(bytes.data), bytes.size), path);
}

int trafo::findRates(const CompileOptions &options, ArrayRef<plan::TargetAttr> targets, DiagnosticPrinter &diagnostics,
                     SmallVectorImpl<RateTable> &tables) {
  auto refuse = [&](const trafo::Error &error) {
    diagnostics.error(error.message);
    return error.exitCode;
  };
  MLIRContext *context = targets.front().getContext();
  std::optional<RateTable> given;
  if (!options.tuneTable.empty()) {
    Result<RateTable> read = readRateTable(context, options.tuneTable);
    if (!read)
      return refuse(read.error());
    given = std::move(*read);
    if (llvm::none_of(targets, [&](plan::TargetAttr target) { return target.getName() == given->target; }))
      return refuse(
          makeError(ErrorCode::RatesTarget, options.tuneTable,
                    concat("target: got ", quoted(given->target), ", expects ", targets.front().getName().str())));
  }
  for (plan::TargetAttr target : targets) {
    if (given && target.getName() == given->target) {
      tables.push_back(*given);
      continue;
    }
    StringRef shipped = target::shippedRates(target);
    Result<RateTable> read = shipped.empty() ? RateTable() : parseRateTable(context, shipped, target.getName());
    if (!read)
      return refuse(read.error());
    tables.push_back(std::move(*read));
  }
  return 0;
}
