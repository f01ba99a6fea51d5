#if !defined(BEAD_STRING_H)
#define BEAD_STRING_H

namespace bead_string {

// TODO: add your solution here

}  // namespace bead_string

#endif // BEAD_STRING_H
