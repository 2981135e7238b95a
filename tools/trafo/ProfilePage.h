//===- ProfilePage.h - tools/trafo/profile.html ---------------------------===//
#ifndef TRAFO_TOOLS_TRAFO_PROFILEPAGE_H
#define TRAFO_TOOLS_TRAFO_PROFILEPAGE_H

namespace trafo::tool {

/// The page of `bench --profile`; what profileJson gives belongs in the place of "{{profile}}".
extern const char *const kProfilePage;

} // namespace trafo::tool

#endif // TRAFO_TOOLS_TRAFO_PROFILEPAGE_H
