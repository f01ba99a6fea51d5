"""What the answer's process does: execute the program, then serve the judge's calls on the pipe.

Everything here is at the mercy of the program, which shares its process; nothing here is trusted by
the other side. It only has to be right for honest programs.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import operator
import os
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from . import frames, main_program
from .kinds import contents_of
from .records import is_enumeration, is_record, put_record
from .special import write_special
from .unwire import Decoder
from .wire import CALLABLE, ITERABLE, ITERATOR, SIZED, Encoder, TooLarge, is_known_module

CHUNK = 1 << 16  # bytes of a read
MESSAGE = 2000  # characters of an exception's text that cross
ARGUMENTS = 8192  # bytes of its arguments

OPERATIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "item": operator.getitem,
    "set item": operator.setitem,
    "delete item": operator.delitem,
    "contains": operator.contains,
    "iter": iter,
    "str": str,
    "bool": bool,
    "set attribute": setattr,
}


class Server:
    """One program's life. `fd` is the pipe to the judge."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.pid = os.getpid()
        self.inbox = bytearray()
        self.namespace: dict[str, Any] = {"__builtins__": vars(builtins)}
        self.objects: list[Any] = []  # what the judge holds a handle of
        self.numbers: dict[int, int] = {}  # id -> handle
        self.borrowed: dict[int, int] = {}  # id of a stand-in -> number of the judge's function
        self.stand_ins: dict[int, Any] = {}
        self.kept: list[Any] = []  # classes whose objects stay here
        self.records: tuple[str, ...] = ()  # names of classes whose objects cross by their attributes

    def run(self) -> None:
        """Serve until the judge closes the pipe."""
        flush, getpid, leave = real_flush(), os.getpid, os._exit
        while True:
            request = self.receive()
            if request is None:
                return
            reply = self.reply(request)
            if getpid() != self.pid:
                leave(0)  # a child that the program forked came back to this loop
            with contextlib.suppress(OSError, ValueError):  # the program closed its output
                flush()
            self.send(reply)

    def receive(self) -> bytes | None:
        """The next request; None where there will be none. Several may have come at once."""
        inbox = self.inbox
        while True:
            if len(inbox) >= frames.HEAD:
                end = frames.HEAD + frames.length(inbox)
                if len(inbox) >= end:
                    request = bytes(memoryview(inbox)[frames.HEAD : end])
                    del inbox[:end]
                    return request
            data = os.read(self.fd, CHUNK)
            if not data:
                return None
            inbox += data

    def send(self, data: bytes) -> None:
        done = os.write(self.fd, data)
        if done < len(data):
            rest = memoryview(data)[done:]
            while rest:
                rest = rest[os.write(self.fd, rest) :]

    def reply(self, request: bytes) -> bytes:
        try:
            return self.act(request)
        except MemoryError:
            return NO_MEMORY_FRAME
        except TooLarge as e:
            return frames.frame(frames.TOO_LARGE, self.encode(f"the answer's value is {e}"))
        except BaseException as e:  # whatever the program raises is reported, SystemExit too
            try:
                return frames.frame(frames.ERROR, self.encode(*describe(e)) + self.arguments(e))
            except MemoryError:
                return NO_MEMORY_FRAME

    def act(self, request: bytes) -> bytes:
        operation = request[:1]
        d = self.decoder(request)
        if operation == frames.CALL:
            return self.call(request, d)
        value: Any = None
        if operation == frames.LOAD:
            exec(compile(d.get(), "<string>", "exec", dont_inherit=True), self.namespace)
        elif operation == frames.RUN:
            main_program.run(d.get(), d.get(), d.get(), self.fd)
        elif operation == frames.EXECUTE:
            exec(compile(d.get(), "<test>", "exec", dont_inherit=True), self.namespace)
        elif operation == frames.EVALUATE:
            value = eval(compile(d.get(), "<test>", "eval", dont_inherit=True), self.namespace)
        elif operation == frames.LOOKUP:
            name = d.get()
            if name not in self.namespace:
                raise NameError(f"name {name!r} is not defined")
            value = self.namespace[name]
        elif operation == frames.ATTRIBUTE:
            value = getattr(d.get(), d.get())
        elif operation == frames.OPERATE:
            value = OPERATIONS[d.get()](*d.get())
        elif operation == frames.KEEP:
            self.kept.append(self.namespace.get(d.get()))
        elif operation == frames.RECORDS:
            self.records = d.get()
        elif operation == frames.TAKE:
            value = take(d.get(), d.get())
        return frames.frame(frames.VALUE, self.encode(value))

    def call(self, request: bytes, d: Decoder) -> bytes:
        target, write_back = d.get(), d.get()
        start = d.pos
        args, kwargs = d.get(), d.get()
        function = self.namespace[target] if type(target) is str else target
        value = function(*args, **kwargs)
        # without write-back the judge's containers stay as they are: the value must not refer to them
        e = Encoder(self.other, d.refs if write_back else ())
        e.put(value)
        if write_back:
            e.put(tuple(map(contents_of, d.refs)) if self.changed(request, start, args, kwargs) else ())
        return frames.frame(frames.VALUE, e.out)

    def changed(self, request: bytes, start: int, args: Any, kwargs: Any) -> bool:
        now = Encoder(self.other)
        now.put(args)
        now.put(kwargs)
        return now.out != request[start:]

    def arguments(self, e: BaseException) -> bytearray:
        """An exception's arguments, where they are small and can be encoded."""
        with contextlib.suppress(Exception):
            if len(out := self.encode(tuple(e.args))) <= ARGUMENTS:
                return out
        return self.encode(())

    def decoder(self, request: bytes) -> Decoder:
        return Decoder(
            request,
            1,
            opaque=self.stand_in,
            handle=self.objects.__getitem__,
            module=importlib.import_module,
            function=lambda module, name: getattr(importlib.import_module(module), name),
            record=self.namespace.__getitem__,
        )

    # -- values ----------------------------------------------------------------------------------
    def encode(self, *values: Any) -> bytearray:
        e = Encoder(self.other)
        for value in values:
            e.put(value)
        return e.out

    def other(self, e: Encoder, value: Any) -> None:
        """Write what the value table does not hold: a judge's function, a module, an opaque object."""
        if id(value) in self.borrowed:
            e.out += b"H"
            e.count(self.borrowed[id(value)])
        elif type(value) is types.ModuleType and is_known_module(str(value.__name__)):
            e.out += b"m"
            e.text(str(value.__name__))
        elif self.records and self.put_record(e, value):
            pass
        elif type(value) in self.kept or not write_special(e, value):
            e.out += b"O"
            e.count(self.handle(value))
            e.count(abilities(value))
            e.text(str(type(value).__name__))

    def put_record(self, e: Encoder, value: Any) -> bool:
        kind = type(value)
        name = next((n for n in self.records if self.namespace.get(n) is kind), None)
        if name is None or not (is_record(kind) or is_enumeration(kind)):
            return False
        return put_record(e, name, value)

    def handle(self, value: Any) -> int:
        number = self.numbers.get(id(value))
        if number is None:
            number = self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return number

    def stand_in(self, number: int, can: int, name: str) -> Any:
        """A function here that calls the judge's function `number` there."""
        if number not in self.stand_ins:

            def stand_in(*args: Any, **kwargs: Any) -> Any:
                return self.call_judge(number, args, kwargs)

            stand_in.__name__ = stand_in.__qualname__ = name
            self.stand_ins[number] = stand_in
            self.borrowed[id(stand_in)] = number
        return self.stand_ins[number]

    def call_judge(self, number: int, args: Any, kwargs: Any) -> Any:
        self.send(frames.frame(frames.CALLBACK, self.encode(number, args, kwargs)))
        while True:
            reply = self.receive()
            if reply is None:
                os._exit(0)
            if reply[:1] in (frames.RETURNED, frames.FAILED):
                break
            self.send(self.reply(reply))  # the judge's function asks for something itself
        d = self.decoder(reply)
        if reply[:1] == frames.RETURNED:
            return d.get()
        kind = getattr(builtins, d.get(), Exception)
        raise kind(d.get())


def real_flush() -> Callable[[], None]:
    """Of the process's own output, whatever stands in `sys.stdout`."""
    return sys.__stdout__.flush if sys.__stdout__ is not None else lambda: None


NO_MEMORY_FRAME = frames.frame(frames.NO_MEMORY)


def abilities(value: Any) -> int:
    kind = type(value)
    return (
        CALLABLE * callable(value)
        | ITERABLE * hasattr(kind, "__iter__")
        | ITERATOR * hasattr(kind, "__next__")
        | SIZED * hasattr(kind, "__len__")
    )


def take(iterator: Iterator[Any], most: int) -> tuple[tuple[Any, ...], bool, Any]:
    """Up to `most` items, whether that was the end, and the error that ended it, if one did."""
    items: list[Any] = []
    try:
        for _ in range(most):
            try:
                items.append(next(iterator))
            except StopIteration:
                return tuple(items), True, None
    except MemoryError:
        raise
    except BaseException as e:  # reported after the items that came before it
        return tuple(items), True, describe(e)
    return tuple(items), False, None


def describe(e: BaseException) -> tuple[str, str, str]:
    """Type name, nearest built-in type and message of an exception."""
    kind = type(e)
    base = next((k.__name__ for k in kind.__mro__ if getattr(builtins, k.__name__, None) is k), "Exception")
    try:
        message = str(e)[:MESSAGE]
    except BaseException as again:  # a __str__ of the program's own
        message = f"(its text raised {type(again).__name__})"
    return str(kind.__name__), base, message
