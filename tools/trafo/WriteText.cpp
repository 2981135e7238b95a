#include "WriteText.h"

#include "ModelFile.h"
#include "lib/Artifact/TemporaryFile.h"

namespace trafo::tool {

int writeText(const std::string &path, const std::string &text) {
  if (path.empty())
    return 0;
  TemporaryFile file;
  trafo_error_t error = {};
  trafo_status_t status = file.create(path, 0644, &error);
  if (!status)
    status = file.append(text.data(), text.size(), &error);
  if (!status)
    status = file.commit(&error);
  return status ? report(status, error) : 0;
}

} // namespace trafo::tool
