"""Servers that alerts are sent to in tests: HTTP and SMTP on this machine, which keep what they got and fail
as they are told to."""

from __future__ import annotations

import base64
import contextlib
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # of no use but here; valid for a hundred years


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@dataclass
class Got:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass
class Answer:
    """`drip`: seconds between the bytes of a status line that never ends. `hang_up`: no answer at all."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    drip: float = 0.0
    hang_up: bool = False


@dataclass
class Hook:
    """A receiver of webhooks. `answers` are given in turn; then all is well."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


@contextlib.contextmanager
def hook(*, secure: bool = False) -> Iterator[Hook]:
    kept, over = Hook(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            kept.got.append(Got(self.path, dict(self.headers), json.loads(self.rfile.read(length))))
            answer = kept.answers.pop(0) if kept.answers else Answer()
            if answer.hang_up:
                return
            with contextlib.suppress(OSError):
                while answer.drip and not over.wait(answer.drip):
                    self.wfile.write(b"H")
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # when it is closed, all that came has been taken down
    if secure:
        server.socket = tls().wrap_socket(server.socket, server_side=True)
    kept.url = f"http{'s' if secure else ''}://127.0.0.1:{server.server_port}"
    with _served(server):
        try:
            yield kept
        finally:
            over.set()


@dataclass
class Letter:
    sender: str
    to: list[str]
    message: EmailMessage
    user: str
    secure: bool


@dataclass
class Post:
    """A mail server. `says` replaces its answer to a command, each once, in the order of its list."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    login: tuple[str, str] | None = None
    starttls: bool = True
    says: dict[str, list[str]] = field(default_factory=dict)


@contextlib.contextmanager
def post(
    *, secure: bool = False, starttls: bool = True, login: tuple[str, str] | None = None
) -> Iterator[Post]:
    kept = Post(starttls=starttls, login=login)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            if secure:
                self.connection = tls().wrap_socket(self.connection, server_side=True)
                self._files()
            with contextlib.suppress(OSError, ssl.SSLError):
                _Session(self, kept, secure).serve()

        def _files(self) -> None:
            self.rfile = cast(Any, self.connection.makefile("rb"))
            self.wfile = cast(Any, self.connection.makefile("wb", 0))

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

        def handle_error(self, *_: Any) -> None:  # who hangs up in the middle of a handshake
            pass

    server = Server(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    with _served(server):
        yield kept


class _Session:
    def __init__(self, handler: Any, kept: Post, secure: bool) -> None:
        self.handler, self.kept, self.secure = handler, kept, secure
        self.user, self.sender = "", ""
        self.to: list[str] = []

    def serve(self) -> None:
        self.say("220 here")
        while line := self.handler.rfile.readline().decode().rstrip("\r\n"):
            verb = line.split(" ")[0].split(":")[0].upper()
            if told := self.kept.says.get(verb):
                self.say(told.pop(0))
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                getattr(self, f"on_{verb.lower()}", self.on_other)(line)
        return None

    def say(self, *lines: str) -> None:
        *first, last = lines
        text = "".join(f"{line[:3]}-{line[4:]}\r\n" for line in first) + f"{last}\r\n"
        self.handler.wfile.write(text.encode())

    def on_other(self, line: str) -> None:
        self.say("502 what")

    def on_ehlo(self, line: str) -> None:
        offers = ["250 STARTTLS"] if self.kept.starttls and not self.secure else []
        self.say("250 here", *offers, *(["250 AUTH PLAIN"] if self.kept.login else []), "250 8BITMIME")

    def on_starttls(self, line: str) -> None:
        self.say("220 go")
        self.handler.connection = tls().wrap_socket(self.handler.connection, server_side=True)
        self.handler._files()
        self.secure = True

    def on_auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        if (user, password) != self.kept.login:
            return self.say(f"535 not with {password}")  # a server that repeats what it should not
        self.user = user
        return self.say("235 in")

    def on_mail(self, line: str) -> None:
        if self.kept.login and not self.user:
            return self.say("530 who are you")
        self.sender = line.partition("<")[2].partition(">")[0]
        return self.say("250 ok")

    def on_rcpt(self, line: str) -> None:
        self.to.append(line.partition("<")[2].partition(">")[0])
        self.say("250 ok")

    def on_rset(self, line: str) -> None:
        self.to = []
        self.say("250 ok")

    def on_data(self, line: str) -> None:
        self.say("354 go on")
        raw = b""
        while (row := self.handler.rfile.readline()) != b".\r\n":
            raw += row[1:] if row.startswith(b"..") else row
        message = message_from_bytes(raw, policy=policy.SMTP)
        self.kept.letters.append(Letter(self.sender, self.to, message, self.user, self.secure))
        self.say("250 taken")


@contextlib.contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
