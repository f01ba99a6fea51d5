#include "bead_string.h"

namespace bead_string {

// TODO: add your solution here

}  // namespace bead_string
