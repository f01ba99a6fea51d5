// The relay by Node: 127.0.0.1:PORT in here, frames on standard input and output. See ../relay.py.
"use strict";
const net = require("net");

const READY = 0, OPEN = 1, DATA = 2, CLOSE = 3, HEAD = 9;
const sockets = new Map();
let inbox = Buffer.alloc(0);
let last = 0;

function say(kind, number, data) {
  const head = Buffer.alloc(HEAD);
  const body = data || Buffer.alloc(0);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(number, 1);
  head.writeUInt32BE(body.length, 5);
  process.stdout.write(Buffer.concat([head, body]));
}

function obey(kind, number, data) {
  const socket = sockets.get(number);
  if (!socket) return;
  if (kind === DATA) {
    socket.write(data);
  } else {
    socket.end();
  }
}

const server = net.createServer((socket) => {
  const number = ++last;
  sockets.set(number, socket);
  say(OPEN, number);
  socket.on("data", (data) => say(DATA, number, data));
  socket.on("error", () => {});
  socket.on("close", () => {
    sockets.delete(number);
    say(CLOSE, number);
  });
});
server.listen(Number(process.argv[1]), "127.0.0.1", 64, () => say(READY, 0));

process.stdin.on("data", (data) => {
  inbox = Buffer.concat([inbox, data]);
  while (inbox.length >= HEAD) {
    const end = HEAD + inbox.readUInt32BE(5);
    if (inbox.length < end) break;
    obey(inbox.readUInt8(0), inbox.readUInt32BE(1), inbox.subarray(HEAD, end));
    inbox = inbox.subarray(end);
  }
});
process.stdin.on("end", () => process.exit(0));
