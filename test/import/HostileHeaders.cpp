#include "test/import/HostileCases.h"

using namespace trafo::test;

HostileCases trafo::test::hostileCases() {
  HostileCases cases;
  addHeaderCases(cases);
  addMetadataCases(cases);
  addTensorCases(cases);
  addModelCases(cases);
  return cases;
}

void trafo::test::addHeaderCases(HostileCases &cases) {
  auto add = [&](std::string name, std::string bytes, std::string id, int exitCode, std::vector<std::string> facts) {
    cases.push_back({std::move(name), std::move(bytes), "TRAFO-GGUF-" + id, exitCode, std::move(facts)});
  };
  std::string good = tinyLlama().bytes();
  auto with = [&](auto change) {
    GgufBuilder builder = tinyLlama();
    change(builder);
    return builder.bytes();
  };

  add("G01_empty", "", "0001", 65, {"offset 0", "has 0 bytes", "at least 24"});
  add("G01_one_byte", "G", "0001", 65, {"has 1 bytes", "at least 24"});
  add("G01_23_bytes", good.substr(0, 23), "0001", 65, {"has 23 bytes", "at least 24"});
  add("G02_bad_magic", with([](auto &b) { b.magic = "PK\x03\x04"; }), "0002", 65,
      {"offset 0", "\"PK\\x03\\x04\"", "\"GGUF\""});
  add("G02_lower_case_magic", with([](auto &b) { b.magic = "gguf"; }), "0002", 65, {"offset 0", "\"gguf\""});
  add("G02_zeros", std::string(4096, '\0'), "0002", 65, {"\"\\x00\\x00\\x00\\x00\""});
  add("G02_newlines", std::string(64, '\n'), "0002", 65, {"\"\\x0a\\x0a\\x0a\\x0a\""});
  add("G03_big_endian_magic", with([](auto &b) { b.magic = "FUGG"; }), "0003", 69,
      {"offset 0", "\"FUGG\"", "\"GGUF\""});
  add("G03_big_endian_version", with([](auto &b) { b.version = 0x03000000; }), "0003", 69,
      {"offset 4", "50331648", "which is 3"});
  for (uint32_t version : {0u, 1u, 4u, 0x80000000u})
    add("G04_version_" + std::to_string(version), with([=](auto &b) { b.version = version; }), "0004", 69,
        {"offset 4", "version is " + std::to_string(version), "expected 2 or 3"});
  add("G05_tensor_count_2_to_64", with([](auto &b) { b.tensorCount = UINT64_MAX; }), "0005", 65,
      {"offset 8", "18446744073709551615", "at most"});
  add("G06_tensor_count_beyond_file", with([&](auto &b) { b.tensorCount = good.size() / 24; }), "0005", 65,
      {"offset 8", "count is " + std::to_string(good.size() / 24),
       "at most " + std::to_string((good.size() - 24) / 33)});
  add("G06_one_tensor_too_many", with([](auto &b) { b.tensorCount = 12; }), "0030", 65, {"tensor 11", "has 0 bytes"});
  add("G07_key_count_2_to_64", with([](auto &b) { b.keyCount = UINT64_MAX; }), "0006", 65,
      {"offset 16", "18446744073709551615", "at most"});
  add("G08_key_count_beyond_file", with([&](auto &b) { b.keyCount = good.size() / 13; }), "0006", 65,
      {"offset 16", "count is " + std::to_string(good.size() / 13),
       "at most " + std::to_string((good.size() - 24) / 14)});

  HostileCase many{"G06_tensor_count_beyond_limit",
                   with([](auto &b) { b.tensorCount = 65537; }),
                   "TRAFO-GGUF-0005",
                   65,
                   {"offset 8", "count is 65537", "limit of 65536"}};
  many.fileBytes = uint64_t(1) << 30;
  cases.push_back(many);
  HostileCase keys{"G08_key_count_beyond_limit",
                   with([](auto &b) { b.keyCount = 65537; }),
                   "TRAFO-GGUF-0006",
                   65,
                   {"offset 16", "count is 65537", "limit of 65536"}};
  keys.fileBytes = uint64_t(1) << 30;
  cases.push_back(keys);
}
