#include "passes/Plan/RateModel.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace trafo;

RateModel::RateModel(mlir::ArrayAttr list) {
  if (list)
    llvm::append_range(rates, list.getAsRange<plan::RateAttr>());
  llvm::sort(rates, [](plan::RateAttr a, plan::RateAttr b) { return a.getRows() < b.getRows(); });
}

int64_t RateModel::nanoseconds(WeightType weight, bool library, int64_t rows) const {
  llvm::StringRef format = formatInfo(weight.getFormat()).name;
  // Few rows are bound by reading, which the best of the entries shows. Multiplying is as fast as in the nearest entry
  // that has no fewer rows: one that has fewer may have waited for memory instead.
  int64_t read = 0;
  plan::RateAttr multiplied;
  for (plan::RateAttr rate : rates) {
    if (rate.getWeights() != format || rate.getLibrary() != library)
      continue;
    read = std::max(read, rate.getMbPerSecond());
    if (!multiplied || multiplied.getRows() < rows)
      multiplied = rate;
  }
  if (!multiplied)
    return 0;
  double reading = double(weight.getBytes()) / double(read);
  double multiplying =
      double(weight.getRows()) * double(weight.getCols() * rows) / double(multiplied.getMmulPerSecond());
  return multiplied.getCallNs() + static_cast<int64_t>(std::max(reading, multiplying) * 1e3);
}
