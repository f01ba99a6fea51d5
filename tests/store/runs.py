"""A small deterministic run over a real store; as a program, a child process that a test may kill.

    python -m tests.store.runs FOLDER SAMPLES LOG

LOG is what an endpoint would have in its own log: `asked KEY` when a model call is made, `stored KEY`
when the store has said that the reply is durable, `judged KEY` likewise for the verdict.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path

from evalkit.model import CallAttempt, Message, Reply, Request, Usage
from evalkit.store import Reader, Store, create_run, open_run, request_digest
from evalkit.suite import Scorer
from evalkit.task import Answer, Task, Verdict, failed, passed

SCORER = Scorer("exact", "1")
MANIFEST = {"suite": "counting", "settings": {"temperature": 0.5, "top_p": float("nan")}}


def plan(samples: int) -> list[tuple[str, int]]:
    return [(f"Count/{number // 2}", number % 2) for number in range(samples)]


def request_of(task_id: str, sample: int) -> Request:
    return Request(Task(task_id, {}), sample, (Message("user", f"Count to {task_id}, {sample}. " * 40),))


def reply_of(task_id: str, sample: int) -> Reply:
    rng = random.Random(f"{task_id} {sample}")
    text = "".join(rng.choice("abcdefgh \n") for _ in range(rng.randrange(200, 3000)))
    usage = Usage(rng.randrange(100), rng.randrange(1000), cost=rng.random())
    return Reply(f"{task_id} {sample}\n{text}", usage=usage, served_model="counter-1", wall_s=0.25)


def verdict_of(answer: Answer) -> Verdict:
    if len(answer.text) % 3:
        return passed(official="passed", parts={"base": True}, measured={"wall_s": 0.5})
    return failed("wrong", "expected another", extracted=answer.text, log=answer.text.encode())


async def do_sample(store: Store, set_id: int, key: tuple[str, int], log: Callable[[str], None]) -> None:
    """What the pipeline does for a sample that is not done yet."""
    name = f"{key[0]},{key[1]}"
    if not store.answer_of(*key)[0]:
        rollout, request = await store.begin(*key), request_of(*key)
        reply = store.recorded_call(*key, 0, request_digest(request))
        if reply is None:
            log(f"asked {name}")
            reply = reply_of(*key)
            store.attempt(rollout, 0, "tested", CallAttempt(1.5e9, 0.25, 200, usage=reply.usage))
            await store.model_call(rollout, 0, "tested", request, reply)
            log(f"stored {name}")
        store.event_soon(rollout, "observation", {"seen": len(reply.text)}, {"patch": reply.text.encode()})
        await store.answer(rollout, Answer(reply.text), {"finish_reason": reply.finish_reason})
    answer, _ = store.answer_of(*key)
    assert answer is not None
    await store.verdict(set_id, *key, "official", verdict_of(answer))
    log(f"judged {name}")


async def go_on(store: Store, log: Callable[[str], None] = lambda line: None, at_once: int = 4) -> None:
    """Do all that is not done."""
    set_id = await store.verdict_set(SCORER, {"timeout": 3.0})
    waiting = iter([key for key, state in store.state(set_id).items() if not state.judged])

    async def worker() -> None:
        for key in waiting:
            await do_sample(store, set_id, key, log)

    await asyncio.gather(*(worker() for _ in range(at_once)))


def make_run(folder: Path, samples: int) -> None:
    with create_run(folder, MANIFEST, plan(samples)) as store:
        asyncio.run(go_on(store))


def verdicts(store: Reader) -> dict[tuple[str, int], str]:
    return {key: f"{state.verdict}/{state.verdict_reason}" for key, state in store.state().items()}


def main(folder: Path, samples: int, log_file: Path) -> None:
    with log_file.open("a", buffering=1) as out:
        exists = (folder / "run.sqlite").exists()
        with open_run(folder) if exists else create_run(folder, MANIFEST, plan(samples)) as store:
            asyncio.run(go_on(store, lambda line: print(line, file=out)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
