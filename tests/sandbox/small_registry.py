"""A registry on 127.0.0.1 that serves small images of our own: read-only, the API's second version.

It can ask for a token, count pulls and refuse more, answer 503 for a while, send a layer that is broken, hold
layers back, and offer an image for several platforms. It writes down what it was asked.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import random
import tarfile
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
TOKEN = "a-token-of-the-test"


def layer(name: str, size: int = 0, seed: int = 0) -> bytes:
    """A tar of one file: `size` bytes that do not pack."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        content = f"{name} {seed}\n".encode() + random.Random(f"{name}{seed}").randbytes(size)
        entry = tarfile.TarInfo(f"evalkit-test/{name}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass
class SmallRegistry:
    """What it holds and how it behaves; change it at any time. `asked`: (method, path) in order."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)  # "name:tag", "name@digest"
    login: str = ""  # "user:password": tokens are asked for, and given for these
    limit: int | None = None  # pulls; GETs of manifests count
    retry_after: int | None = None
    failures: int = 0  # so many manifests more are not sent, but 503
    broken: set[str] = field(default_factory=set)  # layers that are sent otherwise
    held: threading.Event = field(default_factory=threading.Event)  # layers are sent once it is set
    asked: list[tuple[str, str]] = field(default_factory=list)
    pulled: int = 0

    def __post_init__(self) -> None:
        self.held.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, layers: Sequence[bytes], arch: str = HERE, tag: str = "latest") -> str:
        """An image of these layers; its reference."""
        config = {
            "architecture": arch,
            "os": "linux",
            "config": {"Cmd": ["/none"], "Labels": {"of": "evalkit's tests"}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in layers]},
            "history": [{"created_by": "test"} for _ in layers],
        }
        packed = [self._blob(gzip.compress(tar, 1, mtime=0)) for tar in layers]
        entries = [
            {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", **one} for one in packed
        ]
        made = self._blob(json.dumps(config).encode())
        body = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": entries}
        body["config"] = {"mediaType": "application/vnd.docker.container.image.v1+json", **made}
        return self._publish(name, tag, MANIFEST, body)

    def add_index(self, name: str, images: Mapping[str, str]) -> str:
        """One name for images of several architectures: architecture -> reference."""
        entries = []
        for arch, reference in images.items():
            kind, raw = self.manifests[reference.partition("/")[2]]
            inner = {"mediaType": kind, "digest": digest_of(raw), "size": len(raw)}
            entries.append({**inner, "platform": {"os": "linux", "architecture": arch}})
            self.manifests[f"{name}@{digest_of(raw)}"] = kind, raw
        return self._publish(
            name, "latest", INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        )

    def counts(self) -> Counter[str]:
        """How often each thing was asked for: "GET manifests", "HEAD manifests", "GET blobs", ..."""
        return Counter(
            f"{method} {path.split('/')[-2]}" for method, path in self.asked if path.count("/") > 2
        )

    def _blob(self, data: bytes) -> dict[str, Any]:
        self.blobs[digest_of(data)] = data
        return {"digest": digest_of(data), "size": len(data)}

    def _publish(self, name: str, tag: str, kind: str, body: dict[str, Any]) -> str:
        raw = json.dumps(body).encode()
        self.manifests[f"{name}:{tag}"] = self.manifests[f"{name}@{digest_of(raw)}"] = kind, raw
        return f"{self.host}/{name}:{tag}"


def _handler(registry: SmallRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            registry.asked.append((self.command, path))
            if path == "/token":
                return self._token()
            if registry.login and self.headers.get("Authorization") != f"Bearer {TOKEN}":
                realm = (
                    f'Bearer realm="http://{registry.host}/token",service="test",scope="repository:x:pull"'
                )
                return self._send(401, b"{}", {"WWW-Authenticate": realm})
            if path in ("/v2/", "/v2"):
                return self._send(200, b"{}")
            name, kind, what = path.removeprefix("/v2/").rsplit("/", 2)
            return self._manifest(name, what) if kind == "manifests" else self._blob(what)

        do_HEAD = do_GET  # noqa: N815

        def _token(self) -> None:
            import base64

            sent = self.headers.get("Authorization", "").partition(" ")[2]
            if base64.b64decode(sent).decode() != registry.login:
                return self._send(401, b'{"errors": [{"message": "incorrect username or password"}]}')
            return self._send(200, json.dumps({"token": TOKEN}).encode())

        def _manifest(self, name: str, what: str) -> None:
            if registry.failures > 0 and self.command == "GET":
                registry.failures -= 1
                return self._send(503, b"")
            headers: dict[str, str] = {}
            if registry.limit is not None:
                registry.pulled += self.command == "GET"
                left = max(0, registry.limit - registry.pulled)
                headers |= {
                    "RateLimit-Limit": f"{registry.limit};w=21600",
                    "RateLimit-Remaining": f"{left};w=21600",
                }
                if registry.pulled > registry.limit:
                    if registry.retry_after is not None:
                        headers["Retry-After"] = str(registry.retry_after)
                    said = [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]
                    return self._send(429, json.dumps({"errors": said}).encode(), headers)
            found = registry.manifests.get(f"{name}{'@' if ':' in what else ':'}{what}")
            if found is None:
                said = [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]
                return self._send(404, json.dumps({"errors": said}).encode(), headers)
            headers |= {"Content-Type": found[0], "Docker-Content-Digest": digest_of(found[1])}
            return self._send(200, found[1], headers)

        def _blob(self, digest: str) -> None:
            data = registry.blobs.get(digest)
            if data is None:
                return self._send(404, b'{"errors": [{"code": "BLOB_UNKNOWN"}]}')
            if data[:2] == b"\x1f\x8b":
                registry.held.wait(60)
            return self._send(200, data[:-9] + bytes(9) if digest in registry.broken else data)

        def _send(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
