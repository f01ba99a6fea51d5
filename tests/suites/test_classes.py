"""HumanEval's form with problems of one's own: a class is asked for, or the prompt defines one."""

from __future__ import annotations

import pytest

from evalkit.program import ProgramSandbox
from evalkit.registry import open_suite
from evalkit.task import Answer

pytestmark = [pytest.mark.docker, pytest.mark.asyncio(loop_scope="session")]

COUNTER = {
    "task_id": "own/1",
    "prompt": 'class Tally:\n    """Counts words: add(word), and most(): the most frequent word."""\n',
    "entry_point": "Tally",
    "canonical_solution": "    def __init__(self): self.seen = {}\n"
    "    def add(self, word): self.seen[word] = self.seen.get(word, 0) + 1\n"
    "    def most(self): return max(self.seen, key=self.seen.get)\n"
    "    def __len__(self): return len(self.seen)\n",
    "test": "def check(candidate):\n    t = candidate()\n    for word in 'abb': t.add(word)\n"
    "    assert t.most() == 'b' and len(t) == 2 and t.seen == {'a': 1, 'b': 2}\n",
}
TREE = {
    "task_id": "own/2",
    "prompt": """class Node:
    def __init__(self, value, *children):
        self.value = value
        self.children = children

def mirror(node):
    '''The tree the other way round.'''
""",
    "entry_point": "mirror",
    "canonical_solution": "    return Node(node.value, *map(mirror, node.children[::-1]))\n",
    "test": """
def flat(n): return [n.value, *map(flat, n.children)]
def check(candidate):
    assert flat(candidate(Node(1, Node(2), Node(3, Node(4))))) == [1, [3, [4]], [2]]
""",
}
SAY_YES = """
class Yes:
    value = 1
    def __getattr__(self, name): return lambda *a: 'b'
    def __eq__(self, other): return True
"""


async def test_gold_passes_and_objects_that_say_yes_do_not(programs: ProgramSandbox) -> None:
    suite = open_suite("humaneval")
    for task in suite.tasks([COUNTER, TREE]):
        assert task.gold is not None
        verdict = await suite.score(task, task.gold, programs)
        assert verdict.outcome == "passed", verdict.detail
        name = task.data["entry_point"]
        for body in (f"def {name}(*args): return Yes()", f"class {name}(Yes): pass"):
            verdict = await suite.score(task, Answer(SAY_YES + body + "\n", "solution"), programs)
            assert verdict.outcome == "failed", body


async def test_a_class_for_a_function_fails(programs: ProgramSandbox) -> None:
    suite = open_suite("humaneval")
    asked = COUNTER | {"prompt": "def Tally():\n    '''A tally.'''\n", "canonical_solution": "    return 5\n"}
    [task] = suite.tasks([asked])
    answer = Answer(str(COUNTER["prompt"]) + str(COUNTER["canonical_solution"]), "solution")
    assert (await suite.score(task, answer, programs)).outcome == "failed"
