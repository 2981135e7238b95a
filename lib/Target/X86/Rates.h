// Rates of contractions that were measured on CPUs of a tier, as `trafo tune` wrote them: the files of rates/.
#ifndef TRAFO_LIB_TARGET_X86_RATES_H
#define TRAFO_LIB_TARGET_X86_RATES_H

namespace trafo::target {

extern const char *const kRatesV3; ///< rates/x86-64-v3.json

} // namespace trafo::target

#endif
