#include "ModelFile.h"

#include "Child.h"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trafo::tool {

FileKind kindOf(const std::string &path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return FileKind::Model;
  struct stat status;
  char head[8] = {}, tail[8] = {};
  FileKind kind = FileKind::Model;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    bool haveHead = pread(fd, head, sizeof(head), 0) == sizeof(head);
    bool haveTail = status.st_size >= 8 && pread(fd, tail, sizeof(tail), status.st_size - 8) == sizeof(tail);
    if ((haveTail && memcmp(tail, TRAFO_TRAILER_MAGIC, 8) == 0) || (haveHead && memcmp(head, "\177ELF", 4) == 0) ||
        (haveHead && memcmp(head, TRAFO_ARTIFACT_MAGIC, 8) == 0))
      kind = FileKind::Artifact;
    else if (haveHead && memcmp(head, "\x93NUMPY", 6) == 0)
      kind = FileKind::Numpy;
  }
  close(fd);
  return kind;
}

int report(trafo_status_t status, const trafo_error_t &error) {
  fprintf(stderr, "trafo: error: %s: %s\n", error.code, error.message);
  return status;
}

LoadedModel::~LoadedModel() { close(); }

void LoadedModel::close() {
  trafo_session_release(session);
  trafo_model_release(model);
  session = nullptr;
  model = nullptr;
  manifest = nullptr;
}

int LoadedModel::open(const std::string &path, const Options &options) {
  std::string file = path;
  TemporaryProgram temporary; // the mapping lives on without the name
  if (kindOf(path) == FileKind::Model) {
    std::vector<std::string> extra;
    if (options.maxContext > 0)
      extra = {"--context", std::to_string(options.maxContext)};
    if (int status = temporary.compile(path, extra))
      return status;
    file = temporary.path();
  }
  trafo_error_t error = {};
  trafo_status_t status = openProgram(file, options, &error);
  return status ? report(status, error) : 0;
}

trafo_status_t LoadedModel::openProgram(const std::string &path, const Options &options, trafo_error_t *error) {
  trafo_load_options_t load;
  trafo_load_options_initialize(&load);
  load.flags = TRAFO_LOAD_GUARD_SIGBUS;
  load.weights_path = options.weights.empty() ? nullptr : options.weights.c_str();
  if (trafo_status_t status = trafo_model_load_path(path.c_str(), &load, error, &model))
    return status;
  manifest = trafo_model_manifest(model);
  trafo_session_options_t with;
  trafo_session_options_initialize(&with);
  with.threads = options.threads;
  return trafo_session_create(model, &with, error, &session);
}

} // namespace trafo::tool
