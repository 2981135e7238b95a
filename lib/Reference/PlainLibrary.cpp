#include "lib/Reference/PlainLibrary.h"

#include "trafo/Formats.h"

using namespace trafo;

/// Element `index` of operands in the form.
static double element(int64_t form, const void *values, int64_t index) {
  return form == TRAFO_MATMUL_BF16_TILES ? bf16ToF32(static_cast<const uint16_t *>(values)[index])
                                         : static_cast<const float *>(values)[index];
}

/// Where row `c`, column `k` of the weight lies.
static int64_t place(const trafo_matmul_t &call, int64_t c, int64_t k) {
  if (call.form == TRAFO_MATMUL_F32_ROWS)
    return c * call.depth + k;
  int64_t pair = call.form == TRAFO_MATMUL_BF16_TILES ? 2 : 1;
  return c / 16 * call.depth * 16 + k / pair * 16 * pair + c % 16 * pair + k % pair;
}

static void plainMatmul(void *, int64_t, const trafo_matmul_t *call, int64_t rows, int64_t columns, const void *x,
                        const void *w, float *out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0.0;
      for (int64_t k = 0; k < call->depth; ++k)
        sum += element(call->form, x, r * call->depth + k) * element(call->form, w, place(*call, c, k));
      out[r * call->columns + c] = static_cast<float>(sum);
    }
}

const trafo_library_t trafo::kPlainLibrary = {nullptr, plainMatmul};
