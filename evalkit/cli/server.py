"""evalkit server: local model servers that are kept between runs, and those that runs hold now."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.parser import Parser, choice, whole
from evalkit.cli.server_options import add_server, given_server
from evalkit.cli.text import duration, one_line, size, table, visible
from evalkit.errors import UsageError

if TYPE_CHECKING:
    from evalkit.servers.records import Record

ABOUT = """\
start             start a server for a model, wait until it answers, and leave it running
ps                those that evalkit started and that live
stop NAME ...     end them, or all: --all
logs NAME         what one has printed, or prints: --follow; also one that is gone, by its name

A run with the same model, backend and settings uses a server that is kept instead of starting one. NAME is a
server's name, or its model where only one serves that.
"""
EXAMPLES = """\
  evalkit server start --backend vllm --model Qwen/Qwen3-Coder-30B-A3B-Instruct --context 65536
  evalkit server ps
  evalkit server logs vllm-41873 -n 100
  evalkit server stop --all
"""
ACTIONS = ("ps", "start", "stop", "logs")
LOOK_S = 0.5


def main(words: Sequence[str]) -> int:
    parser = build()
    args = parser.read(words)
    if args.action in ("ps", "start") and args.names:
        parser.refuse(args.names)
    return {"ps": ps, "start": start, "stop": stop, "logs": logs}[args.action](args)


def build() -> Parser:
    parser = Parser("server", usage="ACTION [NAME ...] [option ...]", about=ABOUT, examples=EXAMPLES)
    parser.add_argument("action", metavar="ACTION", type=choice(*ACTIONS), help=", ".join(ACTIONS))
    parser.add_argument("names", metavar="NAME", nargs="*", help="a server's name, or its model")
    parser.add_argument(
        "--json", action="store_true", help="ps, start: one JSON object a server, each on a line"
    )
    parser.add_argument("--all", action="store_true", help="stop: all of them")
    parser.add_argument(
        "-n", "--lines", type=whole(1), default=40, metavar="N", help="logs: the last N lines"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="logs: and what comes, until it ends")
    group = parser.add_argument_group("start")
    group.add_argument("--backend", metavar="NAME", default="vllm", help="the engine (default: vllm)")
    group.add_argument("--model", metavar="NAME", help="an id of the hub, a folder, a file, a catalog's name")
    group.add_argument("--context", type=whole(1), metavar="N", help="tokens that its context is to hold")
    group.add_argument("--name", default="", metavar="NAME", help="what it is called here")
    add_server(group)
    return parser


def start(args: argparse.Namespace) -> int:
    from evalkit.models.catalog import load_catalog
    from evalkit.servers.engines import find_engine
    from evalkit.servers.kept import let_go
    from evalkit.serving.asked import How, ask_for, find_entry
    from evalkit.serving.host import Host

    if not args.model:
        raise UsageError("which model? --model NAME", "an id of the hub, a folder, a file, a catalog's name")
    engine = find_engine(args.backend)
    given = given_server(args, args.model)
    entry = find_entry(load_catalog(), args.model)
    asked = ask_for(args.model, entry, engine, given, args.context, sends=True)
    host = Host(engine, asked, How(keep=True, ready_s=args.server_timeout, port=args.port, name=args.name))
    host.say = lambda line: print(visible(line), file=sys.stderr, flush=True)
    try:
        server = host.begin()
    except BaseException:
        host.end_now()
        raise
    let_go(server)
    show([server.record], as_json=args.json)
    return 0


def ps(args: argparse.Namespace) -> int:
    from evalkit.servers.records import records

    show(records(), as_json=args.json)
    return 0


def show(found: Sequence[Record], *, as_json: bool) -> None:
    rows = [facts(record) for record in found]
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    if not rows:
        print("no server of ours runs")
        return
    header = ["name", "engine", "model", "where", "for", "state", "GPU memory"]
    lines = [
        [
            row["name"],
            row["engine"],
            one_line(row["model"], 50),
            row["base_url"],
            duration(row["seconds"]),
            row["state"],
            size(row["gpu_bytes"]) if row["gpu_bytes"] else "none",
        ]
        for row in rows
    ]
    print(table([header, *lines], frozenset((4, 6))))


def facts(record: Record) -> dict[str, Any]:
    """Without its key. `state`: see Record.state."""
    from evalkit.servers.gpus import held_by

    return {
        "name": record.name,
        "engine": record.engine,
        "model": record.model,
        "served": record.served,
        "base_url": record.base_url,
        "pid": record.program,
        "seconds": round(time.time() - record.at, 1),
        "state": record.state,
        "gpu_bytes": held_by(record.processes),
        "log": record.log,
    }


def stop(args: argparse.Namespace) -> int:
    from evalkit.servers.life import stop_kept
    from evalkit.servers.records import find_record, records

    if bool(args.names) == args.all:
        raise UsageError("stop what? NAME ..., or --all", "evalkit server ps")
    found = records() if args.all else [find_record(name) for name in args.names]
    for record in found:
        stop_kept(record)
        print(f"stopped {record.name} ({one_line(record.model)})")
    if not found:
        print("no server of ours runs")
    return 0


def logs(args: argparse.Namespace) -> int:
    from evalkit.servers.words import end_of

    if len(args.names) != 1:
        raise UsageError("the log of which one? NAME", "evalkit server ps")
    record, path = logged(args.names[0])
    text = path.read_text(errors="replace")
    print(visible(end_of(text, args.lines)), flush=True)
    if args.follow and record is not None:
        with path.open(errors="replace") as log:
            log.seek(0, 2)
            while record.alive:
                if more := log.read():
                    print(visible(more), end="", flush=True)
                time.sleep(LOOK_S)
    return 0


def logged(name: str) -> tuple[Record | None, Path]:
    """A server and its log; of one that is gone the last log of that name. UsageError where there is none."""
    from evalkit.servers.records import find_record, last_log

    try:
        record = find_record(name)
    except UsageError:
        if (log := last_log(name)) is None:
            raise
        return None, log
    return record, Path(record.log)
