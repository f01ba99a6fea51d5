"""Objects of classes that a task's own prompt defines: they cross by the class's name and their attributes.

Both sides have such a class, the judge's from the prompt, the answer's from wherever it took it. What comes
out here is an object of the judge's class, whose methods, equality too, are the prompt's own text, and whose
attributes are values of the table. Members of enumerations cross by name.
"""

from __future__ import annotations

import enum
import inspect
import types
from typing import Any

from .wire import Encoder, Malformed

ABSENT = object()


def is_record(value: Any) -> bool:
    """A class whose objects are nothing but attributes: no built-in type's, no exception's."""
    if not isinstance(value, type) or issubclass(value, type | tuple | BaseException):
        return False
    try:
        object.__new__(value)
    except TypeError:  # a subclass of a built-in type, or an abstract one
        return False
    return True


def is_enumeration(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, enum.Enum)


def put_record(e: Encoder, name: str, value: Any) -> bool:
    """Write an object of the class that both sides call `name`; False where it cannot cross so."""
    if is_enumeration(type(value)):
        if value._name_ is None:  # a combination of flags
            return False
        e.out += b"M"
        e.text(name)
        e.text(value._name_)
    elif not e.met(value):
        e.out += b"R"
        e.text(name)
        e.items((attributes(value),))
    return True


def attributes(value: Any) -> tuple[Any, ...]:
    """Names and values in turn: of `__dict__`, then of slots."""
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if (
                name not in ("__dict__", "__weakref__")
                and (held := getattr(value, name, ABSENT)) is not ABSENT
            ):
                found[name] = held
    return tuple(part for pair in found.items() for part in pair)


def fill_record(value: Any, parts: Any) -> None:
    """Give an object these attributes and no others, running nothing of its class.

    An attribute cannot stand before a method or a property: those are the class's own.
    """
    if type(parts) is not tuple:
        raise Malformed("attributes that are no tuple")
    new = dict(zip(parts[::2], parts[1::2], strict=True))
    for name in attributes(value)[::2]:
        if name not in new:
            object.__delattr__(value, name)
    for name, part in new.items():
        if type(name) is not str or not _is_free(type(value), name):
            raise Malformed("an attribute that its class does not leave free")
        object.__setattr__(value, name, part)


def _is_free(kind: type, name: str) -> bool:
    held = inspect.getattr_static(kind, name, ABSENT)
    if held is ABSENT or isinstance(held, types.MemberDescriptorType):
        return not name.startswith("__")
    return not callable(held) and not hasattr(type(held), "__get__")
