"""llama-server's arguments for llama.cpp's HTTP server as it comes in the wheel xllamacpp."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import Any

import xllamacpp


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("model", "host", "port", "alias", "ctx-size", "parallel"):
        parser.add_argument(f"--{name}")
    for name in ("metrics", "jinja", "version"):
        parser.add_argument(f"--{name}", action="store_true")
    given = parser.parse_args()
    if given.version:
        print(f"version: xllamacpp {xllamacpp.__version__}")
        return 0
    params: Any = xllamacpp.CommonParams()
    params.model.path = given.model
    params.hostnames = [given.host]
    params.port = int(given.port)
    params.model_alias = {given.alias}
    params.n_ctx = int(given.ctx_size or 0)
    params.n_parallel = int(given.parallel)
    params.endpoint_metrics = given.metrics
    params.use_jinja = given.jinja
    params.api_keys = [os.environ["LLAMA_API_KEY"]]
    server = xllamacpp.Server(params)  # serves from a thread of its own
    print(server.listening_address, flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
