//===- Layout.h - the packed layout a weight's attribute means ------------===//
#ifndef TRAFO_DIALECTS_TRAFO_IR_LAYOUT_H
#define TRAFO_DIALECTS_TRAFO_IR_LAYOUT_H

#include "dialects/Trafo/IR/PackedLayout.h"

namespace trafo {

class WeightType;
class LayoutAttr;

PackedLayout packedLayout(WeightType type, LayoutAttr layout);
PackedLayout packedLayout(Format format, int64_t rows, int64_t columns, LayoutAttr layout);

/// Bytes of the weight in the layout; -1 if `layoutProblem` has something to say.
int64_t packedBytes(WeightType type, LayoutAttr layout);

} // namespace trafo

#endif // TRAFO_DIALECTS_TRAFO_IR_LAYOUT_H
