#include "bead_string.h"
#include "test/catch.hpp"

#include <stdexcept>

TEST_CASE("no beads") {
    REQUIRE(bead_string::shorten("").empty());
}

#if defined(EXERCISM_RUN_ALL_TESTS)
TEST_CASE("runs have a number", "[shorten]") {
    REQUIRE(bead_string::shorten("aaabccd") == "3ab2cd");
}

TEST_CASE("a long run, in one number", "[shorten]") {
    REQUIRE(bead_string::shorten("xxxxxxxxxxxx") == "12x");
}

TEST_CASE("what is no bead is refused", "[shorten]") {
    REQUIRE_THROWS_AS(bead_string::shorten("ab3"), std::invalid_argument);
}

TEST_CASE("a loop begun elsewhere", "[same_loop]") {
    REQUIRE(bead_string::same_loop("abcd", "cdab"));
}

TEST_CASE("a loop turned over", "[same_loop]") {
    REQUIRE_FALSE(bead_string::same_loop("abcd", "dcba"));
}

TEST_CASE("a shorter loop", "[same_loop]") {
    REQUIRE_FALSE(bead_string::same_loop("abab", "ab"));
}
#endif
