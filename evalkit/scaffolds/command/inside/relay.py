"""The relay by Python 3: 127.0.0.1:PORT in here, frames on standard input and output. See ../relay.py."""

import os
import socket
import struct
import sys
import threading

READY, OPEN, DATA, CLOSE = range(4)
PIECE = 1 << 15
sockets: "dict[int, socket.socket]" = {}
lock = threading.Lock()


def say(kind: int, number: int, data: bytes = b"") -> None:
    frame = struct.pack(">BII", kind, number, len(data)) + data
    with lock:
        while frame:
            frame = frame[os.write(1, frame) :]


def hear(number: int, connection: socket.socket) -> None:
    say(OPEN, number)
    try:
        while True:
            data = connection.recv(PIECE)
            if not data:
                break
            say(DATA, number, data)
    except OSError:
        pass
    sockets.pop(number, None)
    connection.close()
    say(CLOSE, number)


def accept(server: socket.socket) -> None:
    number = 0
    while True:
        connection, _ = server.accept()
        number += 1
        sockets[number] = connection
        threading.Thread(target=hear, args=(number, connection), daemon=True).start()


def main() -> None:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", int(sys.argv[1])))
    server.listen(64)
    threading.Thread(target=accept, args=(server,), daemon=True).start()
    say(READY, 0)
    stdin = sys.stdin.buffer
    while True:
        head = stdin.read(9)
        if len(head) < 9:
            return
        kind, number, size = struct.unpack(">BII", head)
        data = stdin.read(size)
        connection = sockets.get(number)
        if connection is None:
            continue
        try:
            if kind == DATA:
                connection.sendall(data)
            else:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


main()
