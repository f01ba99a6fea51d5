#include "ferry_queue.h"
#include "test/catch.hpp"

#include <list>
#include <stdexcept>
#include <vector>

TEST_CASE("the first car goes left") {
    ferry_queue::Ferry ferry{10};
    REQUIRE(ferry.load(4));
    REQUIRE(ferry.left() == 6);
    REQUIRE(ferry.right() == 10);
}

#if defined(EXERCISM_RUN_ALL_TESTS)
TEST_CASE("cars go where there is more room") {
    ferry_queue::Ferry ferry{10};
    for (const int car : {4, 3, 2}) REQUIRE(ferry.load(car));
    REQUIRE(ferry.left() == 6);
    REQUIRE(ferry.right() == 5);
    REQUIRE(ferry.carried() == 3);
}

TEST_CASE("a car that does not fit stays ashore") {
    ferry_queue::Ferry ferry{5};
    REQUIRE(ferry.load(3));
    REQUIRE(ferry.load(4));
    REQUIRE_FALSE(ferry.load(3));
    REQUIRE(ferry.carried() == 2);
}

TEST_CASE("nobody waits, nothing crosses") {
    REQUIRE(ferry_queue::crossings(std::vector<int>{}, 10) == 0);
}

TEST_CASE("a queue needs two crossings") {
    REQUIRE(ferry_queue::crossings(std::list<int>{5, 5, 4, 4, 3}, 10) == 2);
}

TEST_CASE("a lorry is refused") {
    REQUIRE_THROWS_AS(ferry_queue::crossings(std::vector<int>{3, 11}, 10), std::domain_error);
}
#endif
