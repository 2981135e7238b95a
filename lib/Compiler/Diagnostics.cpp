#include "lib/Compiler/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"

using namespace mlir;
using namespace trafo;

DiagnosticPrinter::DiagnosticPrinter(MLIRContext *context, llvm::raw_ostream &out)
    : out(out), handler(context, [this](Diagnostic &diagnostic) { print(diagnostic); }) {}

void DiagnosticPrinter::error(const llvm::Twine &message) {
  ++errorCount;
  out << "trafo: error: " << message << "\n";
}

/// The first file position in a location.
static FileLineColLoc placeOf(Location location) {
  FileLineColLoc place;
  location->walk([&](Location inner) {
    if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      place = file;
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return place;
}

void DiagnosticPrinter::print(Diagnostic &diagnostic) {
  std::string message = diagnostic.str();
  if (hiding && (StringRef(message).starts_with("Failures have been detected while processing an MLIR pass pipeline") ||
                 StringRef(message).starts_with("A failure has been detected while processing the MLIR module")))
    return;
  StringRef kind;
  switch (diagnostic.getSeverity()) {
  case DiagnosticSeverity::Error:
    ++errorCount;
    kind = "error: ";
    break;
  case DiagnosticSeverity::Warning:
    kind = "warning: ";
    break;
  case DiagnosticSeverity::Note:
    kind = "note: ";
    break;
  case DiagnosticSeverity::Remark:
    kind = "remark: ";
    break;
  }
  // One line each, whatever an op prints like.
  std::replace(message.begin(), message.end(), '\n', ' ');
  out << "trafo: " << kind;
  if (FileLineColLoc place = placeOf(diagnostic.getLocation()))
    out << place.getFilename().getValue() << ":" << place.getLine() << ":" << place.getColumn() << ": ";
  else if (auto name = dyn_cast<NameLoc>(diagnostic.getLocation()))
    out << name.getName().getValue() << ": ";
  out << message << "\n";
  for (Diagnostic &note : diagnostic.getNotes())
    print(note);
}
