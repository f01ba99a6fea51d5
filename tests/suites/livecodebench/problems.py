"""The problems of the own-made set as they are thought up: statement, inputs, and a function that is right.

Three difficulties on three platforms, programs and methods, tests in every packing; dates on both sides of
the windows that vendors quote. `make.py` writes the official format from it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """`inputs` are texts for a program and tuples of arguments for a method; the first two are public."""

    name: str
    title: str
    platform: str
    difficulty: str
    date: str
    content: str
    inputs: tuple[Any, ...]
    right: Callable[..., Any]
    method: str = ""  # its signature after the name: "(self, xs: List[int]) -> int"

    @property
    def function(self) -> str:
        return self.method.partition("(")[0]


def longer(text: str) -> str:
    first, second = text.split()
    return second if len(second) > len(first) else first


def totals(text: str) -> str:
    found, total = [], 0
    for x in map(int, text.split()[1:]):
        total += x
        found.append(str(total))
    return " ".join(found)


def paths(text: str) -> str:
    _, *grid = text.split("\n")
    ways = [1] + [0] * (len(grid[0]) - 1)
    for row in filter(None, grid):
        for at, cell in enumerate(row):
            ways[at] = 0 if cell == "#" else (ways[at] + (ways[at - 1] if at else 0)) % 1_000_000_007
    return str(ways[-1])


def halves(text: str) -> str:
    answers = []
    for line in text.strip().split("\n")[2::2]:
        xs = sorted(map(int, line.split()))
        middle = len(xs) // 2
        answers.append("YES" if xs[middle - 1] < xs[middle] else "NO")
    return "\n".join(answers)


def average(text: str) -> str:
    xs = sorted(map(int, text.split()[1:]))[1:-1]
    return f"{sum(xs) / len(xs):.3f}"


def inversions(text: str) -> str:
    xs = text.split()[1:]
    return str(sum(int(xs[i]) > int(xs[j]) for j in range(len(xs)) for i in range(j)))


def first_repeated(xs: list[int]) -> int:
    return next((x for i, x in enumerate(xs) if x in xs[:i]), -1)


def by_length(words: list[str]) -> list[list[str]]:
    return [[w for w in words if len(w) == size] for size in sorted({len(w) for w in words})]


def cheapest(n: int, roads: list[list[int]], start: int, goal: int) -> int:
    best, queue = {start: 0}, [(0, start)]
    while queue:
        cost, town = heapq.heappop(queue)
        for a, b, toll in roads:
            if a == town and cost + toll < best.get(b, cost + toll + 1):
                best[b] = cost + toll
                heapq.heappush(queue, (cost + toll, b))
    return best.get(goal, -1)


PROBLEMS = (
    Problem(
        *("evk001_a", "Longer Word", "atcoder", "easy", "2023-06-03T00:00:00"),
        "Two words are given on one line. Print the longer one; print the first if they are equally long.\n\n"
        "Input\n\nS T\n\nConstraints\n\n- 1 \\leq |S|, |T| \\leq 100, lowercase letters\n\nSample Input 1\n\n"
        "cat horse\n\nSample Output 1\n\nhorse",
        ("cat horse\n", "one two\n", "a a\n", "lengthy x\n", "x " + "y" * 100 + "\n"),
        longer,
    ),
    Problem(
        *("evk001_c", "Running Total", "atcoder", "medium", "2024-08-01T00:00:00"),
        "Given N integers, print the sums of the first 1, 2, ..., N of them on one line.\n\nInput\n\nN\n"
        "A_1 ... A_N\n\nSample Input 1\n\n3\n1 -2 5\n\nSample Output 1\n\n1 -1 4",
        ("3\n1 -2 5\n", "1\n0\n", "5\n1000000000 1000000000 1 1 1\n", "4\n-1 -1 -1 -1\n"),
        totals,
    ),
    Problem(
        *("evk002_e", "Ways Down", "atcoder", "hard", "2025-02-01T00:00:00"),
        "On a grid of H rows and W columns, # is a wall. Print in how many ways one gets from top left to "
        "bottom right with steps to the right and down, modulo 1000000007.\n\n"
        "Input\n\nH W\nrow 1\n...\nrow H",
        ("2 2\n..\n..\n", "2 3\n.#.\n...\n", "1 1\n.\n", "2 2\n.#\n#.\n", "20 20\n" + ("." * 20 + "\n") * 20),
        paths,
    ),
    Problem(
        *("9001_A", "A. Two Teams", "codeforces", "easy", "2023-11-20T00:00:00"),
        "For each of t tests, n (even) skills are given. Say YES if they can be split into two teams of "
        "equal size such that each member of one is stronger than each of the other, else NO.",
        ("2\n2\n1 2\n2\n3 3\n", "1\n4\n4 1 3 2\n", "2\n4\n1 2 2 3\n2\n9 8\n", "1\n6\n1 1 1 2 2 2\n"),
        halves,
    ),
    Problem(
        *("9001_C", "C. Without the Extremes", "codeforces", "medium", "2024-12-14T12:30:00"),
        "Print the average of n numbers without the smallest and the largest one, with three decimals.",
        ("4\n1 2 3 4\n", "3\n5 5 5\n", "5\n10 0 1 1 2\n", "6\n-7 3 3 3 4 100\n"),
        average,
    ),
    Problem(
        *("9002_E", "E. Disorder", "codeforces", "hard", "2025-03-29T00:00:00"),
        "Print the number of pairs i < j with a_i > a_j.",
        (
            "3\n3 1 2\n",
            "1\n5\n",
            "4\n1 1 1 1\n",
            "400\n" + " ".join(str(i * 7919 % 401) for i in range(400)) + "\n",
        ),
        inversions,
    ),
    Problem(
        *("9101", "first-repeated", "leetcode", "easy", "2024-01-06T00:00:00"),
        "Return the first value of xs that has occurred before, or -1.\n\n"
        "Example 1:\n\nInput: xs = [1,2,1]\nOutput: 1",
        (([1, 2, 1],), ([1, 2, 3],), ([],), ([5, 5],), ([3, -1, -1, 3],)),
        first_repeated,
        "firstRepeated(self, xs: List[int]) -> int",
    ),
    Problem(
        *("9102", "words-by-length", "leetcode", "medium", "2025-01-31T23:00:00"),
        "Return the words in groups of equal length, shortest first, each group in its old order.",
        ((["aa", "b", "cc"],), ([],), (["x"],), (["abc", "", "ab", "d", "xyz"],)),
        by_length,
        "wordsByLength(self, words: List[str]) -> List[List[str]]",
    ),
    Problem(
        *("9103", "cheapest-route", "leetcode", "hard", "2025-02-01T10:00:00"),
        "Between n towns there are one-way roads [from, to, toll]. Return the least sum of tolls from start "
        "to goal, or -1 if there is no way.",
        (
            (3, [[0, 1, 5], [1, 2, 5], [0, 2, 20]], 0, 2),
            (2, [], 0, 1),
            (1, [], 0, 0),
            (4, [[0, 1, 1], [1, 0, 1], [1, 3, 9], [0, 2, 2], [2, 3, 7]], 0, 3),
        ),
        cheapest,
        "cheapestRoute(self, n: int, roads: List[List[int]], start: int, goal: int) -> int",
    ),
)
