// Damaged and foreign artefacts, exhaustively and in one process; test_program.py has the same rows as whole programs.
#include "runtime/core/hash.h"
#include "temporary.h"
#include "toy_artifact.h"

#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace trafo;
using test::Temporary;

namespace {

/// What loading a file came to; the model is released.
struct Outcome {
  trafo_status_t status;
  std::string code, message;
};

Outcome load(const std::string &path, uint32_t flags = 0, const std::string &weights = "") {
  trafo_load_options_t options;
  trafo_load_options_initialize(&options);
  options.flags = flags;
  options.weights_path = weights.empty() ? nullptr : weights.c_str();
  trafo_error_t error = {};
  trafo_model_t *model = nullptr;
  trafo_status_t status = trafo_model_load_path(path.c_str(), &options, &error, &model);
  EXPECT_EQ(status == TRAFO_OK, model != nullptr);
  EXPECT_EQ(status == TRAFO_OK, error.code[0] == 0);
  if (status != TRAFO_OK) {
    EXPECT_NE(std::string(error.message).find(weights.empty() ? path : weights), std::string::npos) << error.message;
  }
  trafo_model_release(model);
  return {status, error.code, error.message};
}

class Artifact : public testing::Test {
protected:
  void SetUp() override {
    options.output = folder.file("toy");
    ASSERT_EQ(test::writeToy(options), "");
    bytes = Temporary::read(options.output);
    memcpy(&header, bytes.data(), sizeof(header));
    const auto *table = reinterpret_cast<const trafo_section_t *>(bytes.data() + sizeof(header));
    sections.assign(table, table + header.section_count);
  }
  const trafo_section_t &section(uint32_t kind) const {
    for (const trafo_section_t &entry : sections)
      if (entry.kind == kind)
        return entry;
    ADD_FAILURE() << "no section " << kind;
    return sections[0];
  }
  Outcome loadBytes(const std::string &changed, uint32_t flags = 0) {
    Temporary::write(folder.file("changed"), changed);
    return load(folder.file("changed"), flags);
  }
  /// The file with a changed header or table whose hash is right all the same: what an adversary would make.
  std::string rehashed(std::string changed) const {
    trafo_artifact_header_t head;
    memcpy(&head, changed.data(), sizeof(head));
    head.table_hash = 0;
    runtime::Hasher hasher;
    hasher.update(&head, sizeof(head));
    uint32_t count = std::min(head.section_count, 64u);
    hasher.update(changed.data() + sizeof(head),
                  std::min(count * sizeof(trafo_section_t), changed.size() - sizeof(head)));
    head.table_hash = hasher.digest();
    memcpy(changed.data(), &head, sizeof(head));
    return changed;
  }
  /// The same with section `index` and its bytes replaced.
  std::string withSection(uint32_t kind, const std::string &content) const {
    std::string changed = bytes;
    for (size_t i = 0; i < sections.size(); ++i)
      if (sections[i].kind == kind) {
        trafo_section_t entry = sections[i];
        memcpy(changed.data() + entry.offset, content.data(), content.size());
        entry.size = content.size();
        entry.hash = runtime::Hasher::of(content.data(), content.size());
        memcpy(changed.data() + sizeof(header) + i * sizeof(entry), &entry, sizeof(entry));
      }
    return rehashed(changed);
  }

  Temporary folder;
  test::ToyOptions options;
  std::string bytes;
  trafo_artifact_header_t header;
  std::vector<trafo_section_t> sections;
};

TEST_F(Artifact, LoadsWithEveryCheck) {
  EXPECT_EQ(load(options.output, TRAFO_LOAD_VERIFY).status, TRAFO_OK);
  EXPECT_EQ(load(options.output, TRAFO_LOAD_INSPECT).status, TRAFO_OK);
}

TEST_F(Artifact, A01_EmptyFile) {
  Outcome outcome = loadBytes("");
  EXPECT_EQ(outcome.status, TRAFO_BAD_DATA);
  EXPECT_EQ(outcome.code, "TRAFO-ART-0001");
}

TEST_F(Artifact, A02_TruncatedEverywhere) {
  // From the end to the beginning, so that the file need not be written again: each byte of trailer, header and table,
  // and pages in between.
  size_t fine = sizeof(header) + header.section_count * sizeof(trafo_section_t) + sizeof(trafo_trailer_t);
  for (size_t size = bytes.size(); size-- > 0;) {
    if (size > fine && size + fine < bytes.size() && size % 4096 != 0)
      continue;
    ASSERT_EQ(truncate(options.output.c_str(), static_cast<off_t>(size)), 0);
    Outcome outcome = load(options.output);
    EXPECT_EQ(outcome.status, TRAFO_BAD_DATA) << size;
    EXPECT_EQ(outcome.code, "TRAFO-ART-0001") << size;
  }
}

TEST_F(Artifact, A02_TruncatedWithATrailerThatFits) {
  // The trailer moved to where the file was cut: lengths agree, contents do not.
  std::string trailer = bytes.substr(bytes.size() - sizeof(trafo_trailer_t));
  for (size_t size = 0; size < bytes.size(); size += size < 8192 ? 63 : 4096) {
    trafo_trailer_t moved;
    memcpy(&moved, trailer.data(), sizeof(moved));
    moved.payload_size = size;
    std::string end(reinterpret_cast<const char *>(&moved), sizeof(moved));
    EXPECT_EQ(loadBytes(bytes.substr(0, size) + end).status, TRAFO_BAD_DATA) << size;
  }
}

TEST_F(Artifact, A03_EachBitOfHeaderTableManifestAndTrailer) {
  uint64_t ends = sizeof(header) + header.section_count * sizeof(trafo_section_t);
  std::fstream file(options.output, std::ios::binary | std::ios::in | std::ios::out);
  auto put = [&](uint64_t at, char byte) {
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    file.flush();
  };
  auto flip = [&](uint64_t at, int bit) {
    put(at, static_cast<char>(bytes[at] ^ (1 << bit)));
    Outcome outcome = load(options.output);
    put(at, bytes[at]);
    EXPECT_NE(outcome.status, TRAFO_OK) << "byte " << at << " bit " << bit;
    EXPECT_EQ(outcome.code.substr(0, 10), "TRAFO-ART-") << outcome.code;
  };
  const trafo_section_t &manifest = section(TRAFO_SECTION_MANIFEST);
  for (int bit = 0; bit < 8; ++bit) {
    for (uint64_t at = 0; at < ends; ++at)
      flip(at, bit);
    for (uint64_t at = 0; at < manifest.size; ++at)
      flip(manifest.offset + at, bit);
    for (uint64_t at = bytes.size() - sizeof(trafo_trailer_t); at < bytes.size(); ++at)
      flip(at, bit);
  }
}

TEST_F(Artifact, A03_RightHashesDoNotMakeWrongNumbersRight) {
  // Every 32-bit word of header and table set to extremes, with hashes to match. What may be anything is left out.
  uint64_t ends = sizeof(header) + header.section_count * sizeof(trafo_section_t);
  for (uint64_t at = 8; at < ends; at += 4) {
    bool modelHash =
        at >= offsetof(trafo_artifact_header_t, model_hash) && at < offsetof(trafo_artifact_header_t, reserved1);
    uint64_t inEntry = at >= sizeof(header) ? (at - sizeof(header)) % sizeof(trafo_section_t) : 0;
    size_t index = at >= sizeof(header) ? (at - sizeof(header)) / sizeof(trafo_section_t) : 0;
    bool features = at >= sizeof(header) && inEntry >= offsetof(trafo_section_t, features) &&
                    inEntry < offsetof(trafo_section_t, hash) && sections[index].kind == TRAFO_SECTION_CODE;
    if (modelHash || features)
      continue;
    for (uint32_t value : {0x7fffffffu, 0x80000000u, 0xffffffffu}) {
      std::string changed = bytes;
      memcpy(changed.data() + at, &value, sizeof(value));
      if (changed != bytes)
        EXPECT_NE(loadBytes(rehashed(changed), TRAFO_LOAD_VERIFY).status, TRAFO_OK) << "byte " << at;
    }
  }
}

TEST_F(Artifact, A03_ManifestNumbersAreCompared) {
  trafo_manifest_t good;
  memcpy(&good, bytes.data() + section(TRAFO_SECTION_MANIFEST).offset, sizeof(good));
  auto refused = [&](const char *field, auto change) {
    trafo_manifest_t bad = good;
    change(bad);
    Outcome outcome =
        loadBytes(withSection(TRAFO_SECTION_MANIFEST, std::string(reinterpret_cast<char *>(&bad), sizeof(bad))));
    EXPECT_NE(outcome.status, TRAFO_OK) << field;
    EXPECT_NE(outcome.message.find(field), std::string::npos) << outcome.message;
  };
  refused("vocabulary", [](auto &m) { m.vocabulary = 0; });
  refused("layers", [](auto &m) { m.layers = UINT32_MAX; });
  refused("max_context", [](auto &m) { m.max_context = 63; });
  refused("max_context", [](auto &m) { m.max_context = 65; });
  refused("max_rows", [](auto &m) { m.max_rows = 0; });
  refused("max_outputs", [](auto &m) { m.max_outputs = m.max_rows + 1; });
  refused("max_sequences", [](auto &m) { m.max_sequences = 0; });
  refused("kv_pages", [](auto &m) { m.kv_pages = UINT32_MAX; });
  refused("window_pages", [](auto &m) { m.window_pages = 1; });
  refused("window_pages", [](auto &m) {
    m.window = 1;
    m.window_pages = UINT64_MAX;
  });
  refused("max_workers", [](auto &m) { m.max_workers = 0; });
  refused("arena_size", [](auto &m) { m.arena_size = UINT64_MAX; });
  refused("logits", [](auto &m) { m.logits_offset = UINT64_MAX - 63; });
  refused("logits", [](auto &m) { m.logits_offset = 4; });
  refused("logits", [](auto &m) { m.arena_size = 1024; });
  refused("logits_stride", [](auto &m) { m.logits_stride = m.vocabulary - 1; });
  refused("maxima", [](auto &m) { m.logits_maxima = m.vocabulary - 1; });
  refused("maxima", [](auto &m) { m.logits_maxima = m.logits_stride + 1; });
  refused("maxima", [](auto &m) { m.logits_maxima = UINT64_MAX; });
  refused("KV", [](auto &m) { m.kv_size = UINT64_MAX; });
  refused("reserved", [](auto &m) { m.reserved[4] = 1; });
  refused("weights", [](auto &m) { m.weights_size += 1; });
  refused("page table", [](auto &m) {
    m.max_sequences = 1u << 16;
    m.max_context = 1u << 26;
  });
  refused("page table", [](auto &m) {
    m.max_sequences = 1u << 16;
    m.max_context = 1024 * TRAFO_KV_PAGE_TOKENS;
    m.window = m.window_pages = 1;
  });
}

TEST_F(Artifact, A04_AFlippedByteOfCodeIsAlwaysFound) {
  const trafo_section_t &code = section(TRAFO_SECTION_CODE);
  for (uint64_t at = 0; at < code.size; at += 97) {
    std::string changed = bytes;
    changed[code.offset + at] = static_cast<char>(changed[code.offset + at] ^ 0x10);
    EXPECT_EQ(loadBytes(changed).code, "TRAFO-ART-0008") << at;
  }
  for (uint32_t kind : {TRAFO_SECTION_TEXT, TRAFO_SECTION_INFO}) {
    std::string changed = bytes;
    changed[section(kind).offset + 3] ^= 1;
    EXPECT_EQ(loadBytes(changed).code, "TRAFO-ART-0008") << kind;
  }
}

TEST_F(Artifact, A04_AFlippedByteOfWeightsIsFoundByVerify) {
  std::string changed = bytes;
  changed[section(TRAFO_SECTION_WEIGHTS).offset + 30000] ^= 1;
  EXPECT_EQ(loadBytes(changed).status, TRAFO_OK);
  Outcome outcome = loadBytes(changed, TRAFO_LOAD_VERIFY);
  EXPECT_EQ(outcome.status, TRAFO_BAD_DATA);
  EXPECT_EQ(outcome.code, "TRAFO-ART-0008");
  EXPECT_NE(outcome.message.find("WEIGHTS"), std::string::npos);
}

TEST_F(Artifact, A05_CodeForAnotherMachine) {
  auto codeWith = [&](auto change) {
    std::string image = bytes.substr(section(TRAFO_SECTION_CODE).offset, section(TRAFO_SECTION_CODE).size);
    change(*reinterpret_cast<Elf64_Ehdr *>(image.data()), image);
    return loadBytes(withSection(TRAFO_SECTION_CODE, image));
  };
  auto segment = [](std::string &image, uint32_t type) -> Elf64_Phdr & {
    auto *elf = reinterpret_cast<Elf64_Ehdr *>(image.data());
    auto *segments = reinterpret_cast<Elf64_Phdr *>(image.data() + elf->e_phoff);
    for (unsigned i = 0; i < elf->e_phnum; ++i)
      if (segments[i].p_type == type)
        return segments[i];
    ADD_FAILURE() << "no segment of type " << type;
    return segments[0];
  };
  using E = Elf64_Ehdr &;
  using S = std::string &;
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_ident[0] = 'x'; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_ident[EI_CLASS] = ELFCLASS32; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_ident[EI_DATA] = ELFDATA2MSB; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_machine = EM_AARCH64; }).status, TRAFO_UNSUPPORTED);
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_type = ET_REL; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_phnum = 0; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_phnum = 0xffff; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_phoff = UINT64_MAX - 8; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_entry = 8; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([](E elf, S) { elf.e_entry = UINT64_MAX; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_LOAD).p_filesz = UINT64_MAX; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_LOAD).p_offset = UINT64_MAX & ~4095ull; }).code,
            "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_LOAD).p_memsz = UINT64_MAX; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_LOAD).p_vaddr = UINT64_MAX & ~4095ull; }).code,
            "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_LOAD).p_flags = PF_R | PF_W | PF_X; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_GNU_STACK).p_flags |= PF_X; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_GNU_STACK).p_type = PT_INTERP; }).code, "TRAFO-ART-0010");
  EXPECT_EQ(codeWith([&](E, S image) { segment(image, PT_GNU_STACK).p_type = PT_TLS; }).code, "TRAFO-ART-0010");
  auto dynamicTag = [&](int64_t tag, uint64_t value) {
    return codeWith([&](E, S image) {
      auto *entry = reinterpret_cast<Elf64_Dyn *>(image.data() + segment(image, PT_DYNAMIC).p_offset);
      entry->d_tag = tag;
      entry->d_un.d_val = value;
    });
  };
  EXPECT_EQ(dynamicTag(DT_NEEDED, 1).code, "TRAFO-ART-0010");
  EXPECT_EQ(dynamicTag(DT_RELASZ, 24).code, "TRAFO-ART-0010");
  EXPECT_EQ(dynamicTag(DT_INIT, 0x1000).code, "TRAFO-ART-0010");
}

TEST_F(Artifact, A05_TruncatedOrScrambledCodeImage) {
  std::string image = bytes.substr(section(TRAFO_SECTION_CODE).offset, section(TRAFO_SECTION_CODE).size);
  for (size_t size = 0; size < image.size(); size += size < 512 ? 1 : 128) {
    Outcome outcome = loadBytes(withSection(TRAFO_SECTION_CODE, image.substr(0, size)));
    // Past the segments lie names for debuggers only: such a cut is no damage to what runs.
    if (outcome.status != TRAFO_OK)
      EXPECT_EQ(outcome.code, "TRAFO-ART-0010") << size;
    else
      EXPECT_GT(size, 1500u);
  }
}

TEST_F(Artifact, A06_AbiAndLayoutVersions) {
  for (uint32_t version : {0u, TRAFO_ABI_VERSION - 1, TRAFO_ABI_VERSION + 1, 0x80000000u}) {
    std::string changed = bytes;
    memcpy(changed.data() + offsetof(trafo_artifact_header_t, abi_version), &version, 4);
    Outcome outcome = loadBytes(rehashed(changed));
    EXPECT_EQ(outcome.status, TRAFO_UNSUPPORTED);
    EXPECT_EQ(outcome.code, "TRAFO-ART-0005");
    EXPECT_NE(outcome.message.find(version < TRAFO_ABI_VERSION ? "older" : "newer"), std::string::npos)
        << outcome.message;
  }
  for (uint32_t version : {0u, TRAFO_ARTIFACT_VERSION + 1, 0x80000000u}) {
    std::string changed = bytes;
    memcpy(changed.data() + offsetof(trafo_artifact_header_t, artifact_version), &version, 4);
    EXPECT_EQ(loadBytes(rehashed(changed)).code, "TRAFO-ART-0004");
  }
}

/// The library's half and weights beside it.
class Beside : public testing::Test {
protected:
  void SetUp() override {
    code.output = folder.file("code");
    code.weights = false;
    ASSERT_EQ(test::writeToy(code), "");
    weights.output = folder.file("weights");
    weights.codeAndPlan = false;
    ASSERT_EQ(test::writeToy(weights), "");
  }
  Temporary folder;
  test::ToyOptions code, weights;
};

TEST_F(Beside, WeightsByPathAndByDescriptor) {
  EXPECT_EQ(load(code.output, TRAFO_LOAD_VERIFY, weights.output).status, TRAFO_OK);
  EXPECT_EQ(load(code.output).code, "TRAFO-ART-0012");
  trafo_load_options_t options;
  trafo_load_options_initialize(&options);
  options.weights_fd = open(weights.output.c_str(), O_RDONLY);
  trafo_model_t *model = nullptr;
  EXPECT_EQ(trafo_model_load_path(code.output.c_str(), &options, nullptr, &model), TRAFO_OK);
  trafo_model_release(model);
  close(options.weights_fd);
}

TEST_F(Beside, A07_WeightsOfAnotherModel) {
  weights.modelHash = 0x9999;
  ASSERT_EQ(test::writeToy(weights), "");
  Outcome outcome = load(code.output, 0, weights.output);
  EXPECT_EQ(outcome.status, TRAFO_BAD_DATA);
  EXPECT_EQ(outcome.code, "TRAFO-ART-0013");
  EXPECT_NE(outcome.message.find("0000000000009999"), std::string::npos) << outcome.message;
}

TEST_F(Beside, A08_WeightsQuantisedOtherwise) {
  weights.weightsSeed = 7;
  ASSERT_EQ(test::writeToy(weights), "");
  Outcome outcome = load(code.output, 0, weights.output);
  EXPECT_EQ(outcome.status, TRAFO_BAD_DATA);
  EXPECT_EQ(outcome.code, "TRAFO-ART-0014");
}

/// Loads, lets the weights shrink, and steps over them.
void shrinkWhileMapped(const std::string &codePath, const std::string &weightsPath) {
  trafo_load_options_t options;
  trafo_load_options_initialize(&options);
  options.flags = TRAFO_LOAD_GUARD_SIGBUS;
  options.weights_path = weightsPath.c_str();
  trafo_model_t *model = nullptr;
  trafo_session_t *session = nullptr;
  if (trafo_model_load_path(codePath.c_str(), &options, nullptr, &model) ||
      trafo_session_create(model, nullptr, nullptr, &session) || truncate(weightsPath.c_str(), 8192))
    _exit(1);
  std::vector<int32_t> tokens(100, 'a');
  const float *logits = nullptr;
  trafo_prefill(session, 0, tokens.data(), tokens.size(), nullptr, 0, nullptr, &logits);
  _exit(2);
}

TEST_F(Beside, A09_WeightsThatShrinkWhileMapped) {
  EXPECT_EXIT(shrinkWhileMapped(code.output, weights.output), testing::ExitedWithCode(TRAFO_IO),
              "TRAFO-ART-0016: .*weights: became shorter");
}

TEST_F(Beside, A10_WeightsThatAreNoFile) {
  std::string fifo = folder.file("fifo");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string &path : {fifo, folder.path, std::string("/dev/zero")}) {
    Outcome outcome = load(code.output, 0, path);
    EXPECT_EQ(outcome.status, TRAFO_NO_INPUT) << path;
    EXPECT_EQ(outcome.code, "TRAFO-ART-0015") << path;
    EXPECT_EQ(load(path).code, "TRAFO-ART-0015") << path;
  }
}

TEST_F(Beside, A11_PathsThatCannotBeOpened) {
  std::string loop = folder.file("loop"), longName = folder.file(std::string(300, 'n'));
  ASSERT_EQ(symlink(loop.c_str(), loop.c_str()), 0);
  for (const std::string &path : {loop, longName, folder.file("missing"), weights.output + "/below"}) {
    Outcome outcome = load(code.output, 0, path);
    EXPECT_EQ(outcome.status, TRAFO_NO_INPUT) << path;
    EXPECT_EQ(outcome.code, "TRAFO-ART-0017") << path;
  }
}

TEST(Features, TheFirstTierThatTheCpuCanRunIsTaken) {
  Temporary folder;
  test::ToyOptions options;
  options.output = folder.file("toy");
  options.code = {{"", 1ull << 63}, {"", 0}, {"", 0}};
  ASSERT_EQ(test::writeToy(options), "");
  trafo_model_t *model = nullptr;
  ASSERT_EQ(trafo_model_load_path(options.output.c_str(), nullptr, nullptr, &model), TRAFO_OK);
  uint32_t count = 0;
  const trafo_section_t *sections = trafo_model_sections(model, &count);
  int32_t chosen = trafo_model_code_section(model);
  ASSERT_GE(chosen, 1);
  EXPECT_EQ(sections[chosen].kind, unsigned(TRAFO_SECTION_CODE));
  EXPECT_EQ(sections[chosen - 1].features, 1ull << 63);
  trafo_model_release(model);
}

TEST(Features, A14_MissingBitsAreNamed) {
  Temporary folder;
  test::ToyOptions options;
  options.output = folder.file("toy");
  options.code = {{"", 1ull << 63 | TRAFO_CPU_AVX2}};
  ASSERT_EQ(test::writeToy(options), "");
  Outcome outcome = load(options.output);
  EXPECT_EQ(outcome.status, TRAFO_UNSUPPORTED);
  EXPECT_EQ(outcome.code, "TRAFO-ART-0011");
  EXPECT_NE(outcome.message.find("unknown(0x8000000000000000)"), std::string::npos) << outcome.message;
  EXPECT_NE(outcome.message.find("--target="), std::string::npos) << outcome.message;
  EXPECT_EQ(load(options.output, TRAFO_LOAD_INSPECT).status, TRAFO_OK);
}

} // namespace
