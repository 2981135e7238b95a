//===- JinjaEvaluator.h - running chat templates --------------------------===//
#ifndef TRAFO_IMPORT_TEXT_JINJAEVALUATOR_H
#define TRAFO_IMPORT_TEXT_JINJAEVALUATOR_H

#include "lib/Import/Text/JinjaSyntax.h"

namespace trafo::jinja {

/// Runs \p parsed with the variables \p globals and writes what it prints. \p steps is the budget, counted down: some
/// hundred steps a message are usual. Output is bounded by Context::kMaxStringBytes, memory by the budget. A template
/// sees nothing but its variables: no files, no clock, no attributes of the host.
std::optional<Failure> renderTemplate(const Template &parsed, Value::Dict globals, uint64_t *steps, std::string *out);

} // namespace trafo::jinja

#endif // TRAFO_IMPORT_TEXT_JINJAEVALUATOR_H
