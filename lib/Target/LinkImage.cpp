// Links an object to the ELF image of a CODE section, by lld in a process of its own.
#include "lib/Target/LinkImage.h"

#include "lib/Target/Subprocess.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace trafo::target;

#ifndef TRAFO_LLVM_TOOLS_DIR
#error "expects TRAFO_LLVM_TOOLS_DIR, the folder of ld.lld"
#endif

/// lld by the name its package gives it, then beside the LLVM we were built with, then any.
static std::string findLinker() {
  if (ErrorOr<std::string> path = sys::findProgramByName("ld.lld-22"))
    return *path;
  if (ErrorOr<std::string> path = sys::findProgramByName("ld.lld", {TRAFO_LLVM_TOOLS_DIR}))
    return *path;
  if (ErrorOr<std::string> path = sys::findProgramByName("ld.lld"))
    return *path;
  return {};
}

FailureOr<Bytes> trafo::target::linkImage(ArrayRef<char> object, std::string &error) {
  std::string linker = findLinker();
  if (linker.empty()) {
    error = "found no linker: expects ld.lld-22 or ld.lld in PATH (package lld-22)";
    return failure();
  }
  FailureOr<Bytes> image = runTool(linker,
                                   {"-shared",
                                    "-Bsymbolic",
                                    "--no-undefined",
                                    "-e",
                                    "trafo_model_query",
                                    "-z",
                                    "max-page-size=4096",
                                    "-z",
                                    "norelro",
                                    "-z",
                                    "noexecstack",
                                    "-z",
                                    "rodynamic", // no writable segment
                                    "--hash-style=sysv",
                                    "--build-id=none",
                                    "--no-dependent-libraries",
                                    "--threads=1",
                                    "-o",
                                    "-",
                                    "%in"},
                                   object, /*outputIsStdout=*/true, error);
  if (failed(image))
    return failure();
  std::string wrong = checkImage(*image);
  if (!wrong.empty()) {
    error = "the linked image " + wrong;
    return failure();
  }
  return image;
}

std::string trafo::target::checkImage(ArrayRef<char> image) {
  using Elf = object::ELF64LEFile;
  auto said = [](Error e) { return toString(std::move(e)); };
  Expected<Elf> elf = Elf::create(StringRef(image.data(), image.size()));
  if (!elf)
    return "is not ELF: " + said(elf.takeError());
  if (elf->getHeader().e_type != ELF::ET_DYN)
    return "is not a shared object";
  if (elf->getHeader().e_entry == 0)
    return "has no entry";
  auto segments = elf->program_headers();
  if (!segments)
    return "has no program headers: " + said(segments.takeError());
  for (const auto &segment : *segments) {
    if (segment.p_type == ELF::PT_INTERP)
      return "asks for an interpreter";
    if (segment.p_type == ELF::PT_LOAD && (segment.p_flags & ELF::PF_W))
      return "has a writable segment";
    if (segment.p_type == ELF::PT_TLS)
      return "has thread-local variables";
  }
  auto dynamic = elf->dynamicEntries();
  if (!dynamic)
    return "has a broken dynamic section: " + said(dynamic.takeError());
  for (const auto &entry : *dynamic)
    switch (entry.getTag()) {
    case ELF::DT_NEEDED:
      return "needs a library";
    case ELF::DT_RELA:
    case ELF::DT_REL:
    case ELF::DT_RELR:
    case ELF::DT_JMPREL:
      return "has dynamic relocations";
    case ELF::DT_INIT:
    case ELF::DT_INIT_ARRAY:
    case ELF::DT_FINI:
    case ELF::DT_FINI_ARRAY:
      return "has initialisers";
    default:
      break;
    }
  return {};
}
