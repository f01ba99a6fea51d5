"""The judge's main process, here without its container: what no test from outside can time."""

from __future__ import annotations

import json
import os
import select
import socket

import pytest

from evalkit.sandbox.inside.judge_main import JudgeMain, Worker


def test_a_job_whose_idle_worker_was_killed_just_now_goes_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JudgeMain, "kill_orphans", lambda self: None)  # process 1 here is somebody else
    main = JudgeMain({"running": 1, "most": 1, "socket": "", "reasons": []})
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    ours, theirs = socket.socketpair()
    theirs.close()
    dead = main.workers[ours.fileno()] = Worker(pid, ours)
    main.poll.register(ours, select.EPOLLIN)
    main.idle.append(dead)
    head = {"id": 7, "judge": "j", "judge_text": "def judge(answer, task): yield", "trusted": True}
    limits = {"wall_s": 1.0, "share_s": 1.0}
    main.start(json.dumps({**head, "program": "", "guard": "none", "limits": limits}).encode(), b"{}")
    worker = main.busy[7]
    assert worker.pid != pid
    while 7 in main.busy:
        main.read(worker)
    assert json.loads(main.results[0][8:])["status"] == "grader"  # this judge yields no Test
    assert dead not in main.idle
