// The fuzz target of the TEXT section's loader, for TRAFO_LIBFUZZER=ON; section_view_test does the same with damaged
// copies of a good section.
#include "test/runtime/text/section_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  trafo::test::useSection(bytes, size);
  return 0;
}
