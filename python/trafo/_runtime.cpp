// The C ABI of include/trafo/runtime.h as Python objects: handles, lifetimes and errors, and nothing that computes.
#include "trafo/runtime.h"

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nb = nanobind;

namespace {

/// Raises trafo.Error(message, code, status) unless the call succeeded. Needs the interpreter's lock.
void check(trafo_status_t status, const trafo_error_t &error) {
  if (status == TRAFO_OK)
    return;
  nb::object type = nb::module_::import_("trafo.error").attr("Error");
  nb::object raised = type(std::string(error.message), std::string(error.code), int(status));
  PyErr_SetObject(type.ptr(), raised.ptr());
  throw nb::python_error();
}

[[noreturn]] void usage(const char *message) {
  trafo_error_t error = {};
  std::strncpy(error.code, "TRAFO-PY-0001", sizeof(error.code) - 1);
  std::strncpy(error.message, message, sizeof(error.message) - 1);
  check(TRAFO_USAGE, error);
  throw nb::value_error(message);
}

/// Two calls of the C ABI: one that asks for the size, one that fills a vector of it.
template <typename Element, typename Call> std::vector<Element> sized(Call call) {
  trafo_error_t error = {};
  size_t count = 0;
  check(call(nullptr, 0, &error, &count), error);
  std::vector<Element> elements(count);
  check(call(elements.data(), count, &error, &count), error);
  elements.resize(count);
  return elements;
}

trafo_string_t view(const std::string &text) { return {text.data(), text.size()}; }

/// Where generation's callback puts what it gets; Python's exceptions wait here until the C frames are left.
struct Listener {
  nb::object onText;
  std::string text;
  std::vector<int32_t> tokens;
  std::optional<nb::python_error> raised;
};

int32_t listen(void *state, int32_t token, trafo_string_t text) {
  auto &listener = *static_cast<Listener *>(state);
  listener.text.append(text.data, text.size);
  if (token >= 0)
    listener.tokens.push_back(token);
  nb::gil_scoped_acquire locked;
  try {
    if (PyErr_CheckSignals() != 0) // Ctrl-C
      throw nb::python_error();
    if (!listener.onText.is_none() && text.size > 0)
      listener.onText(nb::str(text.data, text.size));
  } catch (nb::python_error &error) {
    listener.raised.emplace(std::move(error));
    return 1;
  }
  return 0;
}

/// A loaded program and one session over it. One call runs at a time; others wait without the interpreter's lock.
class Model {
public:
  Model(const std::string &path, const std::optional<std::string> &weights, int threads, bool verify) {
    trafo_load_options_t load;
    trafo_load_options_initialize(&load);
    load.weights_path = weights ? weights->c_str() : nullptr;
    load.flags |= verify ? uint32_t(TRAFO_LOAD_VERIFY) : 0u;
    trafo_error_t error = {};
    check(trafo_model_load_path(path.c_str(), &load, &error, &model), error);
    trafo_session_options_t options;
    trafo_session_options_initialize(&options);
    options.threads = threads;
    trafo_status_t status = trafo_session_create(model, &options, &error, &session);
    if (status != TRAFO_OK) {
      trafo_model_release(model);
      check(status, error);
    }
  }
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model() {
    trafo_session_release(session);
    trafo_model_release(model);
  }

  int threads() const { return trafo_session_threads(session); }
  uint32_t vocabulary() const { return manifest().vocabulary; }
  uint64_t decodeBytes() const { return manifest().decode_bytes; }
  uint32_t maxContext() const { return manifest().max_context; }
  std::string info() const {
    trafo_string_t json = trafo_model_info(model);
    return std::string(json.data, json.size);
  }

  std::vector<int32_t> tokenize(const std::string &text, bool addSpecial, bool parseSpecial) const {
    uint32_t flags =
        (addSpecial ? uint32_t(TRAFO_TEXT_ADD_SPECIAL) : 0u) | (parseSpecial ? uint32_t(TRAFO_TEXT_PARSE_SPECIAL) : 0u);
    return sized<int32_t>([&](int32_t *tokens, size_t capacity, trafo_error_t *error, size_t *count) {
      return trafo_tokenize(model, view(text), flags, tokens, capacity, error, count);
    });
  }

  nb::bytes detokenize(const std::vector<int32_t> &tokens, bool showSpecial) const {
    uint32_t flags = showSpecial ? uint32_t(TRAFO_TEXT_PARSE_SPECIAL) : 0u;
    auto text = sized<char>([&](char *out, size_t capacity, trafo_error_t *error, size_t *size) {
      return trafo_detokenize(model, tokens.data(), tokens.size(), flags, out, capacity, error, size);
    });
    return nb::bytes(text.data(), text.size());
  }

  std::vector<int32_t> chat(const std::vector<std::pair<std::string, std::string>> &messages) const {
    std::vector<trafo_message_t> views;
    for (const auto &[role, content] : messages)
      views.push_back({view(role), view(content)});
    return sized<int32_t>([&](int32_t *tokens, size_t capacity, trafo_error_t *error, size_t *count) {
      return trafo_chat(model, views.data(), views.size(), 1, tokens, capacity, error, count);
    });
  }

  nb::dict generate(const std::vector<int32_t> &prompt, int maxTokens, bool ignoreEnd, float temperature, int topK,
                    float topP, uint64_t seed, int keep, nb::object onText) {
    trafo_generate_options_t options;
    trafo_generate_options_initialize(&options);
    options.max_tokens = maxTokens;
    options.ignore_end = ignoreEnd;
    options.keep = keep;
    options.sampling.temperature = temperature;
    options.sampling.top_k = topK;
    options.sampling.top_p = topP;
    options.sampling.seed = seed;
    Listener listener{std::move(onText), {}, {}, {}};
    options.on_token = listen;
    options.on_token_state = &listener;
    trafo_generated_t generated = {};
    trafo_error_t error = {};
    trafo_status_t status;
    {
      nb::gil_scoped_release unlocked;
      std::lock_guard<std::mutex> turn(running);
      status = emptied(&error);
      if (status == TRAFO_OK)
        status = trafo_generate(session, prompt.data(), prompt.size(), &options, &error, &generated);
    }
    if (listener.raised)
      throw std::move(*listener.raised);
    check(status, error);
    static const char *const stops[] = {"end", "max_tokens", "context", "caller"};
    nb::dict result;
    result["text"] = nb::bytes(listener.text.data(), listener.text.size());
    result["ids"] = listener.tokens;
    result["prompt_tokens"] = generated.prompt_tokens;
    result["stop"] = stops[generated.stop];
    result["shifts"] = generated.shifts;
    result["prefill_seconds"] = generated.prefill_seconds;
    result["decode_seconds"] = generated.decode_seconds;
    return result;
  }

  using Logits = nb::ndarray<nb::numpy, float, nb::ndim<2>>;

  /// float32 [ids, vocabulary]; `cuts` are the sizes of the steps, repeated from the start when used up.
  Logits logits(const std::vector<int32_t> &ids, const std::vector<int32_t> &cuts) {
    const trafo_manifest_t &plan = manifest();
    const size_t vocabulary = plan.vocabulary;
    const int32_t most = int32_t(std::min(plan.max_rows, plan.max_outputs));
    if (ids.size() > plan.max_context)
      usage("more ids than the program's context; compile it with a larger --context");
    for (int32_t cut : cuts)
      if (cut < 1 || cut > most)
        usage("a cut is between 1 and the rows of one step");
    auto values = std::make_unique<float[]>(ids.size() * vocabulary);
    trafo_error_t error = {};
    trafo_status_t status;
    {
      nb::gil_scoped_release unlocked;
      std::lock_guard<std::mutex> turn(running);
      status = emptied(&error);
      std::vector<int32_t> positions(ids.size()), sequences(ids.size(), 0), outputs(ids.size());
      for (size_t i = 0; i < ids.size(); ++i)
        positions[i] = outputs[i] = int32_t(i);
      size_t done = 0;
      for (size_t step = 0; status == TRAFO_OK && done < ids.size(); ++step) {
        int32_t cut = cuts.empty() ? most : cuts[step % cuts.size()];
        int32_t rows = int32_t(std::min<size_t>(size_t(cut), ids.size() - done));
        trafo_rows_t request = {};
        request.struct_size = sizeof(request);
        request.rows = request.output_count = rows;
        request.tokens = ids.data() + done;
        request.positions = positions.data() + done;
        request.sequences = sequences.data();
        request.outputs = outputs.data();
        const float *computed = nullptr;
        status = trafo_step(session, &request, &error, &computed);
        for (int32_t row = 0; status == TRAFO_OK && row < rows; ++row)
          std::memcpy(values.get() + (done + size_t(row)) * vocabulary, computed + size_t(row) * plan.logits_stride,
                      vocabulary * sizeof(float));
        done += size_t(rows);
      }
    }
    check(status, error);
    float *data = values.release();
    nb::capsule owner(data, [](void *memory) noexcept { delete[] static_cast<float *>(memory); });
    return Logits(data, {ids.size(), vocabulary}, owner);
  }

private:
  const trafo_manifest_t &manifest() const { return *trafo_model_manifest(model); }

  /// Every call starts from an empty sequence, so that its result depends on its arguments alone.
  trafo_status_t emptied(trafo_error_t *error) {
    int32_t length = 0;
    return trafo_sequence_truncate(session, 0, 0, error, &length);
  }

  trafo_model_t *model = nullptr;
  trafo_session_t *session = nullptr;
  std::mutex running;
};

} // namespace

NB_MODULE(_runtime, module) {
  module.doc() = "Trafo's runtime; use it through the package trafo";
  nb::class_<Model>(module, "Model")
      .def(nb::init<const std::string &, const std::optional<std::string> &, int, bool>(), nb::arg("path"),
           nb::arg("weights").none(), nb::arg("threads"), nb::arg("verify"))
      .def_prop_ro("threads", &Model::threads)
      .def_prop_ro("vocabulary", &Model::vocabulary)
      .def_prop_ro("decode_bytes", &Model::decodeBytes)
      .def_prop_ro("max_context", &Model::maxContext)
      .def("info", &Model::info)
      .def("tokenize", &Model::tokenize, nb::arg("text"), nb::arg("add_special"), nb::arg("parse_special"))
      .def("detokenize", &Model::detokenize, nb::arg("ids"), nb::arg("show_special"))
      .def("chat", &Model::chat, nb::arg("messages"))
      .def("generate", &Model::generate, nb::arg("prompt"), nb::arg("max_tokens"), nb::arg("ignore_end"),
           nb::arg("temperature"), nb::arg("top_k"), nb::arg("top_p"), nb::arg("seed"), nb::arg("keep"),
           nb::arg("on_text").none())
      .def("logits", &Model::logits, nb::arg("ids"), nb::arg("cuts"));
}
