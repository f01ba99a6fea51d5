"""The answer, as its judge sees it: a program in another container, asked over a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import frames
from ..decoder import Decoder
from ..kinds import exact, refill
from ..wire import Encoder, Excess, Malformed, TooLarge
from .crossing import decoder, put_other
from .errors import AnswerError, NotCrossable, Raised, raised
from .lent import Lent, call_lent
from .line import Line
from .objects import Function, Live, Opaque, Walk
from .whole import Run, run_to_end

QUIET = (frames.LOAD, frames.LOOKUP, frames.KEEP, frames.RECORDS)  # nothing of the test's is called then
SILENT = (frames.LOAD, frames.EXECUTE, frames.KEEP, frames.RECORDS)  # their value says nothing to a test

Call = tuple[Sequence[Any], dict[str, Any]]  # arguments


class Answer:
    """One program. Every method that asks it something may raise AnswerError.

    Times are seconds of wall clock on the judge's side; `timeout` shortens what is left of the job's
    limit. After a timeout the answer's process is dead, and each further question says so again.
    """

    def __init__(self, open_line: Callable[[], Line], program: str, guess: bool = True) -> None:
        self._open = open_line
        self._guess = guess
        self.program = program
        self._lines: list[Line] = []  # one for each process of the answer, the present one last
        self.calls = 0
        self.interface: frozenset[str] = frozenset()  # names that make objects of the answer `Live`
        self.records: dict[str, type] = {}  # classes of the prompt's whose objects cross, by name
        self.errors: Mapping[str, Any] = {}  # where exceptions of the test's own may be found, by name
        self._forget()

    def _forget(self) -> None:
        self._lent = Lent()
        self._told = False  # whether the answer has said anything yet that a test could have used
        self._objects: dict[int, Opaque] = {}
        self.last: Any = None  # what the last call gave, for messages

    @property
    def _line(self) -> Line:
        """The line to the present process; the first use starts it, and its clock."""
        if not self._lines:
            self._lines.append(self._open())
        return self._lines[-1]

    # -- what judges use -------------------------------------------------------------------------
    def load(self, timeout: float | None = None) -> None:
        """Execute the program, in a fresh namespace without a `__name__` of "__main__"."""
        self._ask(frames.LOAD, self.program, timeout=timeout)

    def foresee(self, name: str, calls: Callable[[], Iterable[Call]], *, write_back: bool = True) -> None:
        """Before `load`: what the test will probably ask first, sent ahead to save round trips.

        `calls()` gives arguments and keyword arguments for `name`, which will be asked for by
        `function(name)`, or with `write_back` False by `call(name)`. They must not depend on what any answer
        said. A wrong guess changes no verdict: the judge is run once more, without guesses.
        """
        if self._guess:
            self._line.foreseen = self._frames(name, calls, write_back)

    def _frames(self, name: str, calls: Callable[[], Iterable[Call]], write_back: bool) -> Iterator[bytes]:
        for args, kwargs in calls():
            yield frames.frame(frames.CALL, self._call_body(name, args, kwargs, write_back)[0])

    def run(self, stdin: str | bytes = b"", timeout: float | None = None, before: str = "") -> Run:
        """Run the program as `__main__` with this standard input, until its process ends.

        `before`: statements that are executed in `__main__` first. Where the present process has ended, a
        fresh one is started. An exit status, whatever it is, is no AnswerError.
        """
        if self.died:
            self.restart()
        data = stdin.encode("utf-8", "surrogatepass") if isinstance(stdin, str) else stdin
        if len(data) > self._line.limits["file_bytes"]:
            raise ValueError("the standard input is larger than the job's file_bytes")
        e = Encoder(self._other)
        for value in (self.program, before, data):
            e.put(value)
        return run_to_end(self._line, frames.frame(frames.RUN, e.out), timeout)

    @property
    def died(self) -> bool:
        """Whether the program's process has ended, by itself or for going over a limit."""
        return bool(self._lines) and self._lines[-1].dead is not None

    def restart(self) -> None:
        """A fresh process and a fresh clock for the same program, not loaded; the present one ends."""
        if self._lines:
            self._lines[-1].close()
            self._lines.append(self._open())
        self._forget()

    def call(self, name: str, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """Call a function of the answer. Arguments that it changes in place stay as they are here."""
        return self._call(name, args, kwargs, timeout=timeout, write_back=False)

    def function(self, name: str) -> Function:
        """A callable that stands for a function of the answer; changes in place travel back."""
        return Function(self, name)

    def has(self, name: str) -> bool:
        """Whether the program defines `name` at its top level."""
        try:
            self.lookup(name)
        except NameError:
            return False
        return True

    def lookup(self, name: str) -> Any:
        """The value of a top-level name of the answer, a function or class as a Function; NameError where
        it has none."""
        value = self._lookup(name)
        return Function(self, name) if isinstance(value, Opaque) and callable(value) else value

    def _lookup(self, name: str) -> Any:
        return self._ask(frames.LOOKUP, name)

    def evaluate(self, expression: str, timeout: float | None = None) -> Any:
        """The value of an expression in the answer's namespace."""
        return self._ask(frames.EVALUATE, expression, timeout=timeout)

    def execute(self, source: str, timeout: float | None = None) -> None:
        """Execute statements in the answer's namespace."""
        self._ask(frames.EXECUTE, source, timeout=timeout)

    def keep(self, name: str) -> None:
        """Objects of the answer's class of that name stay there, even where their contents could cross
        (`class Stack(list)`): a test that is about the class wants its methods."""
        self._ask(frames.KEEP, name)

    def share(self, classes: dict[str, type]) -> None:
        """Objects of these classes, which the task's own prompt defines, cross by their attributes."""
        self.records = classes
        self._ask(frames.RECORDS, tuple(classes))

    def remaining(self) -> float:
        """Seconds left of the job's wall_s; its clock starts when the program is handed over: at `load`."""
        return float(max(0.0, self._line.end - time.monotonic()))

    # -- what stand-ins use ----------------------------------------------------------------------
    def _call(
        self,
        target: str | Opaque,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        timeout: float | None = None,
        write_back: bool = True,
    ) -> Any:
        self.calls += 1
        body, refs = self._call_body(target, args, kwargs, write_back)
        d = self._exchange(frames.CALL, body, timeout, refs=list(refs) if refs else None)
        value = self._value(d)
        if refs:
            self._write_back(refs, self._value(d))
        self.last = value
        return value

    def _call_body(
        self, target: str | Opaque, args: Sequence[Any], kwargs: dict[str, Any], write_back: bool
    ) -> tuple[bytearray, list[Any]]:
        """A call's frame without its head, and the containers whose changes are to come back."""
        head, e = Encoder(self._other), Encoder(self._other)
        try:
            head.put(target)
            e.put(tuple(args))
            e.put(kwargs)
        except TooLarge as error:
            raise self._too_large(error) from None
        # the dictionary of keyword arguments is numbered too; alone it is nobody's object
        write_back = write_back and len(e.kept) > 1
        head.put(write_back)
        return head.out + e.out, e.kept if write_back else []

    def _write_back(self, kept: list[Any], contents: Any) -> None:
        if contents == ():
            return
        try:
            for container, new in zip(kept, contents, strict=True):
                refill(container, new)
        except MemoryError:
            raise
        except Exception as e:  # whatever a container says about contents that it cannot have
            raise self._line.broken(f"impossible contents for an argument: {type(e).__name__}") from None

    def _too_large(self, error: TooLarge) -> BaseException:
        """Arguments beyond the bounds are the task's fault, unless the test made them of what it was told."""
        if self._told:
            return AnswerError("output", f"what the test made of the answer's values is {error}")
        return NotCrossable(f"the arguments are {error}")

    def _attribute(self, owner: Opaque, name: str) -> Any:
        return self._ask(frames.ATTRIBUTE, owner, name)

    def _operate(self, operation: str, *operands: Any) -> Any:
        return self._ask(frames.OPERATE, operation, operands)

    def _start_walk(self, iterable: Opaque) -> Iterator[Any]:
        walk = self._operate("iter", iterable)
        if not isinstance(walk, Walk | Live):
            raise TypeError(f"iter() of {iterable!r} gave no iterator")
        return walk

    def _take(self, iterator: Opaque, most: int) -> tuple[list[Any], bool, AnswerError | None]:
        """Up to `most` items of an iterator, whether it ended there, and the error that ended it."""
        value = self._ask(frames.TAKE, iterator, most)
        try:
            items, ended, error = exact(value, tuple)
            failure = None if error is None else self._raised(error)
            return list(exact(items, tuple)), exact(ended, bool), failure
        except (TypeError, ValueError) as e:
            raise self._line.broken(str(e)) from None

    def _raised(self, error: Any) -> AnswerError:
        name, base, message = (exact(part, str) for part in exact(error, tuple))
        return raised(name, base, message, (message,), self.errors.get(name))

    # -- the exchange ----------------------------------------------------------------------------
    def _ask(self, operation: bytes, *values: Any, timeout: float | None = None) -> Any:
        e = Encoder(self._other)
        try:
            for value in values:
                e.put(value)
        except TooLarge as error:
            raise self._too_large(error) from None
        return self._value(self._exchange(operation, e.out, timeout))

    def _exchange(
        self,
        operation: bytes,
        body: bytearray,
        timeout: float | None,
        refs: list[Any] | None = None,
    ) -> Decoder:
        """Send a request and answer callbacks until the reply is there; its body, ready to be read."""
        end = None if timeout is None else time.monotonic() + timeout
        request = frames.frame(operation, body)
        while True:
            left = None if end is None else end - time.monotonic()  # callbacks win no time
            reply = self._line.exchange(request, left)
            if reply[:1] != frames.CALLBACK:
                break
            if operation in QUIET:
                raise self._line.broken("a call where no function of its could run")
            request = call_lent(self, reply)
        d = self._decoder(reply, refs)
        if reply[:1] == frames.VALUE:
            self._told = self._told or operation not in SILENT
            return d
        if reply[:1] == frames.ERROR:
            name, base, message = self._text(d), self._text(d), self._text(d)
            raise raised(name, base, message, self._checked(d, tuple), self.errors.get(name))
        if reply[:1] == frames.NO_MEMORY:
            raise Raised("memory", "MemoryError: the program's memory limit", "MemoryError")
        if reply[:1] == frames.TOO_LARGE:
            raise AnswerError("output", self._text(d)[:200])
        raise self._line.broken("no such reply")

    def _decoder(self, reply: bytes, refs: list[Any] | None) -> Decoder:
        try:
            return decoder(self, reply, refs)
        except Malformed as e:
            raise self._line.broken(str(e)) from None

    def _other(self, e: Encoder, value: Any) -> None:
        put_other(self, e, value)

    def _value(self, d: Decoder) -> Any:
        try:
            return d.value()
        except Excess as e:
            raise self._line.fail("output", f"the answer's value has {e}") from None
        except Malformed as e:
            raise self._line.broken(str(e)) from None

    def _checked(self, d: Decoder, kind: type) -> Any:
        value = self._value(d)
        if type(value) is not kind:
            raise self._line.broken(f"no {kind.__name__} where one was due")
        return value

    def _text(self, d: Decoder) -> str:
        return str(self._checked(d, str))[:2200]
