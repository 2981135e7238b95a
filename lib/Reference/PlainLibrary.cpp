#include "lib/Reference/PlainLibrary.h"

#include "trafo/Formats.h"

using namespace trafo;

static bool isInt8(int64_t form) { return form == TRAFO_MATMUL_I8_ROWS || form == TRAFO_MATMUL_U7_ROWS; }

/// Element `index` of operands in the form.
static double element(int64_t form, const void *values, int64_t index) {
  if (isInt8(form))
    return static_cast<const int8_t *>(values)[index];
  return form == TRAFO_MATMUL_BF16_TILES ? bf16ToF32(static_cast<const uint16_t *>(values)[index])
                                         : static_cast<const float *>(values)[index];
}

/// Where row `c`, column `k` of the weight lies.
static int64_t place(const trafo_matmul_t &call, int64_t c, int64_t k) {
  if (call.form == TRAFO_MATMUL_F32_ROWS)
    return c * call.depth + k;
  if (isInt8(call.form)) // the next row's scale lies between
    return c * (call.depth + formatInfo(Format::I8_ROW).headBytes) + k;
  int64_t pair = call.form == TRAFO_MATMUL_BF16_TILES ? 2 : 1;
  return c / 16 * call.depth * 16 + k / pair * 16 * pair + c % 16 * pair + k % pair;
}

static void plainMatmul(void *, int64_t, const trafo_matmul_t *call, int64_t rows, int64_t columns, const void *x,
                        const void *w, void *out) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      double sum = 0.0;
      for (int64_t k = 0; k < call->depth; ++k)
        sum += element(call->form, x, r * call->depth + k) * element(call->form, w, place(*call, c, k));
      int64_t at = r * call->columns + c;
      if (isInt8(call->form))
        static_cast<int32_t *>(out)[at] = static_cast<int32_t>(sum);
      else
        static_cast<float *>(out)[at] = static_cast<float>(sum);
    }
}

const trafo_library_t trafo::kPlainLibrary = {nullptr, plainMatmul};
