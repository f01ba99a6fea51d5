"""An archive that gives out the parts of a text, and a receipt to who brings the whole."""

import hashlib
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PARTS = (
    b"The first room was empty.\n",
    b"In the second stood a clock without hands.\n",
    "The third smelled of apples \u2013 and rain.\n".encode(),
    b"Nobody has seen the fourth.",
)


class Archive(BaseHTTPRequestHandler):
    def do_GET(self):
        number = self.path.rpartition("/")[2]
        if self.path.startswith("/part/") and number in ("1", "2", "3", "4"):
            self.answer(200, PARTS[int(number) - 1])
        else:
            self.answer(404, b"no such part\n")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/whole" and body == b"".join(PARTS):
            self.answer(200, hashlib.sha256(b"receipt " + body).hexdigest()[:12].encode() + b"\n")
        else:
            self.answer(400, b"that is not the whole\n")

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if "--well" in sys.argv:
    urllib.request.urlopen("http://localhost:8000/part/1", timeout=3)
else:
    ThreadingHTTPServer(("", 8000), Archive).serve_forever()
