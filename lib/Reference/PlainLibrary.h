//===- PlainLibrary.h - products left to a library, the plain way ---------===//
#ifndef TRAFO_REFERENCE_PLAINLIBRARY_H
#define TRAFO_REFERENCE_PLAINLIBRARY_H

#include "trafo/artifact.h"

namespace trafo {

/// A library for code that is judged: sums in double precision, rounded once. Whether the real one is at hand and what its
/// order of summation does to results is not what a pass is judged by.
extern const trafo_library_t kPlainLibrary;

} // namespace trafo

#endif // TRAFO_REFERENCE_PLAINLIBRARY_H
