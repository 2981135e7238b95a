#include "test/import/HostileCases.h"

using namespace trafo::test;

namespace {
/// The bare file with one more key "k", whose type stands at 78 and whose value at 82.
std::string withValue(std::string value, std::string rest = std::string(64, '\0')) {
  return bare().key("k", std::move(value)).bytes() + rest;
}

void addKeyCases(HostileCases &cases) {
  auto add = [&](std::string name, std::string bytes, std::string id, std::vector<std::string> facts) {
    cases.push_back({std::move(name), std::move(bytes), "TRAFO-GGUF-" + id, 65, std::move(facts)});
  };
  std::string lead = bare().header();
  lead[16] = 2; // one more key follows
  auto withKey = [&](uint64_t length, std::string key) { return lead + u64(length) + key + std::string(64, '\0'); };
  add("G09_key_of_length_0", withKey(0, ""), "0010", {"offset 69", "key 1 ", "length of 0 bytes", "expected 1 to"});
  add("G10_key_beyond_file", withKey(67, "k"), "0010", {"offset 69", "length of 67 bytes", "1 to 65 (the rest"});
  add("G10_key_of_2_to_64", withKey(UINT64_MAX, "k"), "0010", {"offset 69", "length of 18446744073709551615 bytes"});
  add("G11_key_of_65536", withKey(65536, std::string(65536, 'k')), "0010", {"offset 69", "65536 bytes", "1 to 65535"});
  add("G12_key_not_utf8", bare().key("k\xff\xfe", vU32(1)).bytes(), "0011",
      {"offset 78", "\"k\\xff\\xfe\"", "byte 255", "32 to 126"});
  add("G12_key_not_ascii", bare().key("k\xc3\xa9y", vU32(1)).bytes(), "0011", {"offset 78", "byte 195"});
  add("G12_key_with_nul", bare().key(std::string_view("k\0y", 3), vU32(1)).bytes(), "0011",
      {"offset 78", "\"k\\x00y\"", "byte 0"});
  add("G12_key_with_newline", bare().key("k\ny", vU32(1)).bytes(), "0011", {"offset 78", "\"k\\x0ay\"", "byte 10"});
  add("G13_duplicate_key", bare().key("k", vU32(1)).again("k", vU32(2)).bytes(), "0012",
      {"offset 86", "\"k\"", "offset 69"});
  for (uint32_t type : {13u, 0x7fffffffu})
    add("G14_value_type_" + std::to_string(type), withValue(ofType(type, "")), "0013",
        {"offset 78", "\"k\"", "type " + std::to_string(type), "0 to 12"});
}

void addValueCases(HostileCases &cases) {
  auto add = [&](std::string name, std::string bytes, std::string id, std::vector<std::string> facts,
                 uint64_t fileBytes = 0) {
    cases.push_back({std::move(name), std::move(bytes), "TRAFO-GGUF-" + id, 65, std::move(facts), fileBytes});
  };
  add("G15_string_beyond_file", withValue(ofType(kString, u64(65))), "0014",
      {"offset 82", "\"k\"", "length of 65 bytes", "at most 64 are left"});
  add("G15_string_of_2_to_64", withValue(ofType(kString, u64(UINT64_MAX))), "0014",
      {"offset 82", "18446744073709551615"});
  add("G16_string_of_1_gib", withValue(ofType(kString, u64(uint64_t(1) << 30))), "0014",
      {"offset 82", "1073741824", "at most 16777216 are allowed"}, uint64_t(3) << 30);
  for (uint32_t type : {13u, 0xffffffffu})
    add("G17_element_type_" + std::to_string(type), withValue(vArray(type, 1, "")), "0015",
        {"offset 82", "\"k\"", "element type " + std::to_string(type), "0 to 12"});
  std::string nested = u32(kArray);
  for (int i = 0; i < 100000; ++i)
    nested += u32(kArray) + u64(1);
  add("G18_array_depth_100000", withValue(nested), "0016", {"offset 82", "\"k\"", "at most 1 level"});
  add("G19_array_bytes_overflow", withValue(vArray(kU64, (uint64_t(1) << 61) + 1, "")), "0017",
      {"offset 86", "\"k\"", "2305843009213693953 u64", "at most 8 fit"});
  add("G19_string_array_bytes_overflow", withValue(vArray(kString, uint64_t(1) << 61, "")), "0017",
      {"offset 86", "2305843009213693952 string", "at most 8 fit"});
  add("G20_array_of_1e9_empty_strings", withValue(vArray(kString, 1000000000, "")), "0017",
      {"offset 86", "1000000000 string", "limit of 16777216"}, uint64_t(9) << 30);
  add("G20_array_of_16_million_zeros_in_a_hole", withValue(vArray(kF64, uint64_t(1) << 24 | 1, "")), "0017",
      {"offset 86", "16777217 f64", "limit of 16777216"}, uint64_t(1) << 30);
  // Three arrays of 128 MiB each, all holes: the third passes the limit on the whole header.
  constexpr uint64_t arrayBytes = uint64_t(1) << 27, lead = 26;
  auto arrayKey = [](const char *name) { return text(name) + vArray(kF64, uint64_t(1) << 24, ""); };
  std::string first = bare().header() + arrayKey("k0");
  first[16] = 4;
  HostileCase large{"G20_header_of_384_mib", first, "TRAFO-GGUF-0007", 65, {"offset 268435577", "268435456 bytes"}};
  large.fileBytes = uint64_t(1) << 30;
  large.islands = {{kBareEnd + lead + arrayBytes, arrayKey("k1")},
                   {kBareEnd + 2 * (lead + arrayBytes), arrayKey("k2")}};
  cases.push_back(large);
  add("G21_bool_2", withValue(vBool(2)), "0018", {"offset 82", "\"k\"", "value 2", "0 or 1"});
  add("G21_bool_255_in_array", withValue(vNumbers<uint8_t>(kBool, {0, 1, 255})), "0018",
      {"offset 96", "\"k\"", "value 255", "0 or 1"});
  add("G15_string_element_beyond_file", withValue(vArray(kString, 2, text("a") + u64(1000))), "0014",
      {"offset 103", "\"k\"", "1000"});
}

void addAlignmentCases(HostileCases &cases) {
  auto add = [&](std::string name, std::string value, std::string id, std::vector<std::string> facts) {
    facts.push_back("\"general.alignment\"");
    cases.push_back({std::move(name), bare().key("general.alignment", value).tensor("t", {32}).bytes(),
                     "TRAFO-GGUF-" + id, 65, std::move(facts)});
  };
  add("G22_alignment_as_i32", vI32(32), "0019", {"offset 69", "is i32", "expected u32"});
  add("G22_alignment_as_string", vText("32"), "0019", {"is string", "expected u32"});
  add("G22_alignment_as_u64", vU64(32), "0019", {"is u64", "expected u32"});
  add("G22_alignment_as_array", vNumbers<uint32_t>(kU32, {32}), "0019", {"is array of 1 u32", "expected u32"});
  for (uint32_t value : {0u, 1u, 13u, 48u, 0x80000000u})
    add("G2" +
            std::string(value == 0             ? "3"
                        : value == 0x80000000u ? "5"
                                               : "4") +
            "_alignment_" + std::to_string(value),
        vU32(value), "0022", {"is " + std::to_string(value), "power of two from 8 to 1048576"});
  add("G26_alignment_larger_than_file", vU32(1u << 20), "0022", {"is 1048576", "more than the file's"});
}
} // namespace

void trafo::test::addMetadataCases(HostileCases &cases) {
  addKeyCases(cases);
  addValueCases(cases);
  addAlignmentCases(cases);
}
