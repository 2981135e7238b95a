//===- Models.h - decoder models described from checkpoints ---------------===//
//
// One file an architecture, one row a file in Models.cpp. A description is plain data: hyperparameters and the names
// of tensors by role, every shape checked. The IR is built from it by whoever has MLIR at hand.
//
//===----------------------------------------------------------------------===//
#ifndef TRAFO_IMPORT_MODELS_MODELS_H
#define TRAFO_IMPORT_MODELS_MODELS_H

#include "lib/Import/Checkpoint.h"

#include <optional>
#include <string>
#include <vector>

namespace trafo {

/// Which elements of a head rope turns together: (2i, 2i + 1), or (i, i + ropeDims / 2).
enum class RopePairing : uint8_t { Interleaved, Halves };

/// How rope's angles are stretched beyond the trained context.
enum class RopeScalingKind : uint8_t {
  None,
  Linear, ///< positions divided by `factor`
  Yarn,   ///< by frequency band, https://arxiv.org/abs/2309.00071
  Factors ///< each angle divided by an element of the tensor `factors`
};

struct RopeScaling {
  RopeScalingKind kind = RopeScalingKind::None;
  float factor = 1.0f;          ///< Linear, Yarn
  int64_t originalContext = 0;  ///< Yarn: the trained context length
  float attentionFactor = 1.0f; ///< Yarn: multiplies cosines and sines
  float extensionFactor = 1.0f; ///< Yarn: weight of the extrapolated part
  float betaFast = 32.0f;       ///< Yarn
  float betaSlow = 1.0f;        ///< Yarn
  std::string factors;          ///< Factors: name of the f32 tensor [ropeDims / 2]
};

enum class Activation : uint8_t { Silu };

/// Tensors of one decoder layer, by role; absent ones are empty. Linears are [out, in], vectors [out].
struct LayerTensors {
  std::string attnNorm; ///< [hidden]
  std::string q;        ///< [heads * headSize, hidden]
  std::string k, v;     ///< [kvHeads * headSize, hidden]
  std::string o;        ///< [hidden, heads * headSize]
  std::string qBias, kBias, vBias, oBias;
  std::string ffnNorm;  ///< [hidden]
  std::string gate, up; ///< [ffn, hidden]
  std::string down;     ///< [hidden, ffn]
  std::string gateBias, upBias, downBias;
};

/// A decoder of the Llama family:
///   x = embedding[token]
///   per layer: x += o(attention(rope(q(n)), rope(k(n)), v(n))) with n = rms_norm(x, attnNorm)
///              x += down(activation(gate(m)) * up(m)) with m = rms_norm(x, ffnNorm)
///   logits = head(rms_norm(x, outputNorm))
struct DecoderSpec {
  std::string architecture;
  std::string name; ///< general.name; may be empty
  int64_t hidden = 0;
  int64_t layers = 0;
  int64_t heads = 0;
  int64_t kvHeads = 0; ///< divides heads
  int64_t headSize = 0;
  int64_t ffn = 0;
  int64_t vocab = 0;
  int64_t contextLength = 0; ///< what the model was trained for
  float normEps = 0;
  float ropeBase = 10000.0f;
  int64_t ropeDims = 0; ///< even, at most headSize; the other dimensions of a head pass unturned
  RopePairing ropePairing = RopePairing::Interleaved;
  RopeScaling ropeScaling;
  float attentionScale = 0;   ///< multiplies q k^T; 1 / sqrt(headSize) unless the file says otherwise
  int64_t window = 0;         ///< positions a token may look back over; 0: all
  std::vector<bool> windowed; ///< of each layer, whether it is so there, else over all; empty: it is in all
  float attentionSoftcap = 0; ///< 0: none
  float logitSoftcap = 0;     ///< 0: none
  bool tiedHead = false;      ///< the head is the embedding; `output` names the same tensor
  bool hasQkvBias = false;    ///< every layer has q, k and v biases
  bool hasOutBias = false;    ///< every layer has an o bias
  bool hasMlpBias = false;    ///< every layer has a bias of gate, up or down
  Activation activation = Activation::Silu;
  std::optional<uint32_t> bos, eos;

  std::string embedding;                  ///< [vocab, hidden]
  std::string outputNorm;                 ///< [hidden]
  std::string output;                     ///< [vocab, hidden]
  std::vector<LayerTensors> layerTensors; ///< `layers` of them

  /// The window of a layer; 0: all positions.
  int64_t windowOf(int64_t layer) const {
    return windowed.empty() || windowed[static_cast<size_t>(layer)] ? window : 0;
  }
};

/// Describes the model in `checkpoint`. Every key of the architecture and every tensor of the file is understood or
/// refused: what is ignored silently computes something else. Errors: TRAFO-MODEL-*, TRAFO-GGUF-0019 to 0021.
Result<DecoderSpec> describeModel(const Checkpoint &checkpoint);

/// "llama, ..." for messages and help.
std::string supportedArchitectures();

/// One function an architecture, each in the file of its name; for the table in Models.cpp only.
Result<DecoderSpec> describeLlama(const Checkpoint &checkpoint);

} // namespace trafo

#endif // TRAFO_IMPORT_MODELS_MODELS_H
