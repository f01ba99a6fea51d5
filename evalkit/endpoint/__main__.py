"""`python -m evalkit.endpoint`: the scripted endpoint in a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from evalkit.endpoint import faults, script
from evalkit.endpoint.timing import parse_latency
from evalkit.errors import EvalkitError


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m evalkit.endpoint",
        description="A scripted OpenAI-compatible endpoint. Prints its base URL as the first line.\n\n"
        f"SCRIPT\n{script.__doc__}\nFAULTS\n{faults.__doc__}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0, help="0 (default) takes a free one")
    p.add_argument("--script", type=Path, help="JSON lines of rules, see above")
    p.add_argument("--reply", default="pass", help="answer where no rule fits (default: %(default)s)")
    p.add_argument("--echo", action="store_true", help="answer with the last user message where no rule fits")
    p.add_argument("--fault", action="append", default=[], metavar="'KIND key=value ...'", help="repeatable")
    p.add_argument("--seed", type=int, default=0, help="of the faults' and latencies' draws")
    p.add_argument("--latency", default="0", help="seconds, uniform:LOW,HIGH or lognormal:MEDIAN,SIGMA")
    p.add_argument("--capacity", type=int, help="more requests at once than this get 429")
    p.add_argument("--context", type=int, metavar="N", help="a prompt of more words than this gets 400")
    p.add_argument("--api-key", help="refuse requests without this key")
    p.add_argument("--model", action="append", default=[], help="name for /v1/models, repeatable")
    p.add_argument("--strict-models", action="store_true", help="404 for models not named by --model")
    p.add_argument("--log", type=Path, help="append one JSON line for each request that ended")
    return p


async def _run(args: argparse.Namespace) -> None:
    from evalkit.endpoint.server import Options, serve

    options = Options(
        script=script.Script(
            rules=script.load_script(args.script) if args.script else [],
            default=script.Scripted(args.reply),
            echo=args.echo,
        ),
        faults=faults.parse_faults(args.fault),
        latency=parse_latency(args.latency),
        seed=args.seed,
        capacity=args.capacity,
        context=args.context,
        api_key=args.api_key,
        models=args.model,
        strict_models=args.strict_models,
        log=args.log,
    )
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await serve(options, args.host, args.port)


def main(argv: Sequence[str] | None = None) -> int:
    args = parser().parse_args(argv)
    try:
        asyncio.run(_run(args))
    except EvalkitError as e:
        print(f"endpoint: {e}", file=sys.stderr)
        return e.exit_code
    except OSError as e:
        print(f"endpoint: cannot listen on {args.host}:{args.port}: {e}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
