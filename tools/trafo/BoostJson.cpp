// Boost.JSON's own sources, compiled here once: Debian has them as headers only.
#include <boost/json/src.hpp>
