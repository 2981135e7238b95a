#ifndef TRAFO_RUNTIME_PROGRAM_INTERRUPT_H
#define TRAFO_RUNTIME_PROGRAM_INTERRUPT_H

namespace trafo::program {

/// Catches SIGINT: the first asks for a stop, a second one before the next clearInterrupt() ends the program with 130.
void catchInterrupts();
bool interrupted();
void clearInterrupt();
/// Waits until `descriptor` can be read (or has ended); false when an interrupt was asked for.
bool awaitInput(int descriptor);

} // namespace trafo::program

#endif // TRAFO_RUNTIME_PROGRAM_INTERRUPT_H
