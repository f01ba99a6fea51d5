#if !defined(BEAD_STRING_H)
#define BEAD_STRING_H

#include <string>

namespace bead_string {

std::string shorten(const std::string& beads);
bool same_loop(const std::string& one, const std::string& other);

}  // namespace bead_string

#endif // BEAD_STRING_H
