"""benchmarks/agent.py: both agents do the scripted work, and what lies between replies is what is counted.

How fast either is, is not judged here.
"""

from __future__ import annotations

import agent
import pytest
from race import page

from evalkit.tools import installed
from tests.suites.swebench_set import images


@pytest.mark.docker
@pytest.mark.full
@pytest.mark.parametrize("contender", [agent.OURS, agent.THEIRS])
def test_it_does_its_turns(contender: str) -> None:
    if contender == agent.THEIRS and installed(agent.THEIRS) is None:
        pytest.skip("mini-swe-agent is not installed (evalkit tools install mini-swe-agent)")
    images([agent.INSTANCE])
    block = agent.rollout(contender, turns=4, think_s=0.2)
    assert len(block.gaps_s) == 4
    assert 0 < min(block.gaps_s) <= max(block.gaps_s) < 60, "the model's time is no part of it"
    assert block.cpu_s > 0


def test_ratios_are_taken_within_a_round() -> None:
    gaps = {(agent.OURS, 0.5): (0.01, 0.03), (agent.THEIRS, 0.5): (0.05, 0.05)}
    gaps |= {(agent.OURS, 0.0): (0.04, 0.04), (agent.THEIRS, 0.0): (0.04, 0.08)}
    blocks = [
        agent.Block(who, think_s, [rounds[number]], 1.0)
        for number in range(2)
        for (who, think_s), rounds in gaps.items()
    ]
    summary = agent.summarise(blocks, (0.5, 0.0))
    assert [round(r, 3) for r in summary["table"][0]["ratio"]] == [0.4, 0.2, 0.6]
    assert [round(r, 3) for r in summary["table"][1]["ratio"]] == [0.75, 0.5, 1.0]
    assert summary["reached"]
    told = page.agents(
        {**summary, "date": "2026-11-26", "rounds": 2, "turns": 1, "theirs": "it", "load": (1, 2)}
    )
    assert "| 0.5 s | 20.0 (10.0-30.0) | 50.0 (50.0-50.0) | **0.40 (0.20-0.60)**; must 0.5 |" in told
