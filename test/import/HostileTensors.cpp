#include "test/import/HostileCases.h"

using namespace trafo::test;

// A bare file's first tensor "t" of one dimension: name length at 69, rank at 78, dimension at 82, type at 90, data
// offset at 94, header end at 102, data at 128.

namespace {
class Adder {
public:
  explicit Adder(HostileCases &cases) : cases(cases) {}
  void operator()(std::string name, std::string bytes, std::string id, std::vector<std::string> facts,
                  int exitCode = 65) {
    cases.push_back({std::move(name), std::move(bytes), "TRAFO-GGUF-" + id, exitCode, std::move(facts)});
  }

private:
  HostileCases &cases;
};

/// A bare file with the tensor "t", changed.
template <class Change> std::string withTensor(std::vector<uint64_t> dims, uint32_t type, Change change) {
  GgufBuilder b = bare();
  b.tensor("t", std::move(dims), type);
  b.last().bytes = 128;
  change(b.last());
  return b.bytes();
}
std::string withTensor(std::vector<uint64_t> dims, uint32_t type) {
  return withTensor(std::move(dims), type, [](BuiltTensor &) {});
}
std::string withName(std::string_view name) {
  return withTensor({32}, 0, [&](BuiltTensor &tensor) { tensor.name = name; });
}

void addNameCases(Adder add) {
  add("G27_tensor_name_of_0_bytes", withName(""), "0030", {"offset 69", "tensor 0 has 0 bytes", "1 to 64"});
  add("G27_tensor_name_of_65_bytes", withName(std::string(65, 't')), "0030", {"offset 69", "has 65 bytes", "1 to 64"});
  add("G27_tensor_name_of_2_to_64", withTensor({32}, 0, [](BuiltTensor &t) { t.nameSize = UINT64_MAX; }), "0030",
      {"offset 69", "18446744073709551615 bytes", "1 to 64"});
  add("G27_tensor_name_not_utf8", withName("t\xff"), "0030", {"offset 69", "\"t\\xff\""});
  add("G27_tensor_name_with_nul", withName(std::string_view("t\0t", 3)), "0030", {"offset 69", "\"t\\x00t\""});
  add("G27_tensor_name_climbs", withName("../../etc/passwd"), "0030", {"offset 69", "\"../../etc/passwd\""});
  add("G27_tensor_name_with_newline", withName("t\nerror: x"), "0030", {"offset 69", "\"t\\x0aerror: x\""});
  add("G27_duplicate_tensor", bare().tensor("t", {32}).tensor("t", {32}).bytes(), "0031",
      {"offset 102", "\"t\"", "as tensor 0"});
}

void addShapeCases(Adder add) {
  for (uint32_t rank : {0u, 5u, 0xffffffffu})
    add("G28_" + std::to_string(rank) + "_dimensions", withTensor({32}, 0, [=](BuiltTensor &t) { t.rank = rank; }),
        "0032", {"offset 78", "\"t\"", std::to_string(rank) + " dimensions", "1 to 4"});
  add("G29_dimension_0", withTensor({0}, 0), "0033",
      {"offset 82", "dimension 0 of tensor \"t\" is 0", "expected 1 to"});
  add("G29_dimension_0_behind", withTensor({32, 0}, 0), "0033", {"offset 90", "dimension 1 of tensor \"t\" is 0"});
  add("G29_dimension_negative", withTensor({static_cast<uint64_t>(-32)}, 0), "0033", {"offset 82", "is -32"});
  add("G30_elements_overflow_i64", withTensor({uint64_t(1) << 32, uint64_t(1) << 31}, 0), "0034",
      {"offset 90", "dimension 1 of tensor \"t\" is 2147483648", "9223372036854775807 elements"});
  add("G30_elements_wrap_to_0", withTensor({uint64_t(1) << 32, uint64_t(1) << 32, 32}, 0), "0034", {"offset 90"});
  add("G31_bytes_overflow", withTensor({uint64_t(1) << 62}, 0), "0035",
      {"\"t\"", "4611686018427387904 elements", "f32", "overflow 64 bits"});
  add("G32_padding_overflows", withTensor({static_cast<uint64_t>(INT64_MAX)}, 1), "0035",
      {"\"t\"", "9223372036854775807 elements", "f16", "padded to 32"});
  // Each of the two is legal by itself; a reader that adds them up without a check allocates next to nothing.
  GgufBuilder sum = bare();
  for (const char *name : {"a", "b"}) {
    sum.tensor(name, {uint64_t(1) << 61}, 0);
    sum.last().bytes = 64;
    sum.last().offset = 0;
  }
  add("G33_sum_of_sizes_overflows", sum.bytes(), "0035", {"\"b\"", "9223372036854775808 bytes", "sum", "overflow"});
  add("G34_row_not_whole_blocks", withTensor({48}, 8), "0036", {"\"t\"", "rows of 48", "q8_0", "block of 32"});
  add("G34_row_not_whole_super_blocks", withTensor({128, 2}, 12), "0036", {"rows of 128", "q4_k", "block of 256"});
  add("G35_type_unknown", withTensor({32}, 1000), "0037", {"offset 90", "\"t\"", "type 1000", "q4_1"});
  add("G35_type_2_to_32", withTensor({32}, 0xffffffffu), "0037", {"offset 90", "type 4294967295"});
  add("G35_type_removed", withTensor({32}, 4), "0038", {"offset 90", "\"t\"", "type 4 (q4_2, removed from GGUF)"}, 69);
  add("G35_type_not_supported", withTensor({256}, 16), "0038", {"offset 90", "type 16 (iq2_xxs)", "iq4_xs"}, 69);
}

void addPlacementCases(Adder add) {
  auto at = [](uint64_t offset) { return withTensor({32}, 0, [=](BuiltTensor &t) { t.offset = offset; }); };
  add("G36_offset_unaligned", at(4), "0039", {"offset 94", "\"t\"", "data offset 4", "alignment 32"});
  add("G37_offset_beyond_file", at(1 << 20), "0040", {"\"t\"", "data offset 1048576", "has 256 bytes"});
  add("G37_offset_overflows", at(UINT64_MAX - 31), "0040", {"\"t\"", "data offset 18446744073709551584"});
  add("G38_tensor_ends_beyond_file", at(32), "0040", {"\"t\"", "128 bytes at data offset 32", "has 256 bytes"});
  add("G38_tensor_far_larger_than_file", withTensor({32, uint64_t(1) << 40}, 0), "0040",
      {"\"t\"", "140737488355328 bytes", "has 256 bytes"});

  GgufBuilder overlap = bare();
  overlap.tensor("a", {32}).tensor("b", {32});
  overlap.named("b").offset = 96;
  add("G39_overlap", overlap.bytes(), "0041", {"\"b\" at offset 256", "overlaps tensor \"a\"", "ends at 288"});
  overlap.named("b").offset = 0;
  add("G39_same_place", overlap.bytes(), "0041", {"overlaps tensor"});

  GgufBuilder gap = bare();
  gap.tensor("a", {32}).tensor("b", {32});
  gap.named("a").bytes = 160;
  add("G40_gap", gap.bytes(), "0042", {"offset 288", "32 bytes follow tensor \"a\"", "at most 31"});
  add("G40_gap_before_first", withTensor({24}, 0, [](BuiltTensor &t) { t.offset = 32; }), "0042",
      {"offset 102", "bytes follow the header"});
  add("G40_trailing_bytes", withTensor({32}, 0) + std::string(32, 'x'), "0042",
      {"offset 256", "32 bytes follow tensor \"t\""});
  add("G40_trailing_byte", withTensor({32}, 0) + "x", "0042", {"offset 256", "1 bytes follow"});
  add("G40_trailing_bytes_without_tensors", bare().bytes() + std::string(100, 'x'), "0042",
      {"offset 69", "100 bytes follow the header"});
}
} // namespace

void trafo::test::addTensorCases(HostileCases &cases) {
  addNameCases(Adder(cases));
  addShapeCases(Adder(cases));
  addPlacementCases(Adder(cases));
}
