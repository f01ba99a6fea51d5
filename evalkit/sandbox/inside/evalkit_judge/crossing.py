"""What crosses to and from an answer and is more than a value: objects, functions, modules, classes."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import frames, unwire
from ..kinds import KINDS, writer
from ..records import put_record
from ..special import write_special
from ..wire import CALLABLE, Encoder, Malformed, is_known_module, put_range
from .errors import NotCrossable
from .objects import Function, Module, Opaque, stand_in

if TYPE_CHECKING:
    from .remote import Answer

put_iterator = writer(KINDS["iterator"])


def put_other(answer: Answer, e: Encoder, value: Any) -> None:
    """Write what the value table does not hold, on its way to the answer."""
    if isinstance(value, Opaque):
        e.out += b"H"
        e.count(value._handle)
    elif isinstance(value, Module):
        e.out += b"m"
        e.text(value.name)
    elif isinstance(value, Function):
        e.put(answer._ask(frames.LOOKUP, value.__name__))
    elif type(value) is range:
        put_range(e, value)
    elif (known := known_name(value)) is not None:
        e.out += b"f"
        for name in known:
            e.text(name)
    elif (name := record_name(answer, type(value))) and put_record(e, name, value):
        pass
    elif isinstance(value, type) and (name := record_name(answer, value)):
        e.put(answer._ask(frames.LOOKUP, name))
    elif isinstance(value, Iterator) and type(value).__module__ in ("builtins", "itertools"):
        put_iterator(e, value)
    elif not write_special(e, value):
        if not callable(value) and not answer._lent.depth:
            raise NotCrossable(f"a {type(value).__name__} object cannot be given to the answer")
        e.out += b"O"
        e.count(answer._lent.number(value))
        e.count(CALLABLE * callable(value))
        e.text(str(getattr(value, "__name__", "function")))


def known_name(function: Any) -> tuple[str, str] | None:
    """Module and name of a function or class of the standard library or numpy: never lent, it runs there."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(function, types.BuiltinFunctionType | types.FunctionType | type):
        return None
    if type(module) is not str or type(name) is not str or not is_known_module(module):
        return None
    home = vars(sys.modules[module]) if module in sys.modules else {}
    return (module, name) if home.get(name) is function else None


def record_name(answer: Answer, kind: type) -> str:
    return next((name for name, known in answer.records.items() if known is kind), "")


def decoder(answer: Answer, reply: bytes, refs: list[Any] | None) -> unwire.Decoder:
    """For the values of a reply; `refs` are the containers that it may refer to."""

    def opaque(handle: int, abilities: int, name: str) -> Opaque:
        known = answer._objects.get(handle)
        if known is None:
            known = answer._objects[handle] = stand_in(answer, handle, abilities, name)
        return known

    return unwire.Decoder(
        reply,
        1,
        refs=refs,
        opaque=opaque,
        handle=answer._lent.functions.__getitem__,
        module=module_of,
        record=answer.records.__getitem__,
    )


def module_of(name: str) -> Module:
    if not is_known_module(name):
        raise Malformed("a module that is not of the standard library")
    return Module(name)
