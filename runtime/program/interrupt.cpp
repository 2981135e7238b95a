#include "runtime/program/interrupt.h"

#include "trafo/runtime.h"

#include <csignal>
#include <unistd.h>

namespace trafo::program {

static volatile sig_atomic_t asked = 0;

static void onInterrupt(int) {
  if (asked)
    _exit(TRAFO_CANCELLED);
  asked = 1;
}

void catchInterrupts() {
  struct sigaction action = {};
  action.sa_handler = onInterrupt; // without SA_RESTART: a read from the terminal ends too
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}
bool interrupted() { return asked != 0; }
void clearInterrupt() { asked = 0; }

} // namespace trafo::program
