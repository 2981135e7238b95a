#include "runtime/program/interrupt.h"

#include "trafo/runtime.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace trafo::program {

static volatile sig_atomic_t asked = 0;
// The handler writes, awaitInput polls: a signal between its look at `asked` and its sleep, or one that a worker thread
// took, still wakes it.
static int wake[2] = {-1, -1};

static void onInterrupt(int) {
  if (asked)
    _exit(TRAFO_CANCELLED);
  asked = 1;
  int saved = errno;
  ssize_t written = ::write(wake[1], "", 1);
  (void)written; // a full pipe wakes just as well
  errno = saved;
}

void catchInterrupts() {
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
    wake[0] = wake[1] = -1; // poll leaves out what is negative; reads then end by EINTR alone
  struct sigaction action = {};
  action.sa_handler = onInterrupt; // without SA_RESTART: a read from the terminal ends too
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}
bool interrupted() { return asked != 0; }
void clearInterrupt() {
  asked = 0;
  char dropped[16];
  while (::read(wake[0], dropped, sizeof(dropped)) > 0) {
  }
}

bool awaitInput(int descriptor) {
  pollfd sources[2] = {{descriptor, POLLIN, 0}, {wake[0], POLLIN, 0}};
  while (!asked && poll(sources, 2, -1) < 0 && errno == EINTR) {
  }
  return !asked;
}

} // namespace trafo::program
