#include "bead_string.h"

#include <stdexcept>

namespace bead_string {

std::string shorten(const std::string& beads) {
    std::string result;
    for (std::size_t start = 0; start < beads.size();) {
        const char bead = beads[start];
        if (bead < 'a' || bead > 'z') throw std::invalid_argument("no bead");
        std::size_t end = start;
        while (end < beads.size() && beads[end] == bead) ++end;
        if (end - start > 1) result += std::to_string(end - start);
        result += bead;
        start = end;
    }
    return result;
}

bool same_loop(const std::string& one, const std::string& other) {
    return one.size() == other.size() && (one + one).find(other) != std::string::npos;
}

}  // namespace bead_string
