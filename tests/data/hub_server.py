"""A small hub: one data set, behind the hub's HTTP interface, for the real client to load."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SHA = "0123456789abcdef0123456789abcdef01234567"
DATASET = "someone/tiny"


@contextmanager
def serve_hub(
    files: dict[str, bytes], dataset: str = DATASET, sha: str = SHA
) -> Iterator[tuple[str, list[str]]]:
    """Yields the endpoint's URL and the growing list of paths that were asked for."""
    asked: list[str] = []

    class Hub(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
            asked.append(self.path)
            self.send(json.dumps([entry(p) for p in wanted.get("paths", []) if p in files]).encode())

        def answer(self, *, body: bool) -> None:
            asked.append(self.path)
            path = self.path.split("?")[0]
            for rev in (sha, "main"):
                prefix = f"/datasets/{dataset}/resolve/{rev}/"
                if path.startswith(prefix):
                    self.file(path.removeprefix(prefix), body=body)
                    return
            if path == f"/api/datasets/{dataset}" or path.startswith(f"/api/datasets/{dataset}/revision/"):
                siblings = [{"rfilename": name} for name in files]
                self.send(json.dumps({"id": dataset, "sha": sha, "siblings": siblings, "tags": []}).encode())
            elif path.startswith(f"/api/datasets/{dataset}/tree/"):
                folder = path.split("/tree/")[1].partition("/")[2]
                found = [entry(p) for p in files if p.startswith(folder)]
                self.send(json.dumps(found).encode(), 200 if found else 404)
            else:
                self.send(b'{"error": "not found"}', 404, {"X-Error-Code": "EntryNotFound"})

        def file(self, name: str, *, body: bool) -> None:
            if name not in files:
                self.send(b"", 404, {"X-Error-Code": "EntryNotFound"})
                return
            headers = {"ETag": f'"{hashlib.sha1(files[name]).hexdigest()}"', "X-Repo-Commit": sha}
            self.send(files[name], 200, headers, body=body)

        def send(
            self, data: bytes, status: int = 200, headers: dict[str, str] | None = None, body: bool = True
        ) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if body and self.command != "HEAD":
                self.wfile.write(data)

    def entry(path: str) -> dict[str, object]:
        oid = hashlib.sha1(files[path]).hexdigest()
        return {"type": "file", "path": path, "size": len(files[path]), "oid": oid}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
