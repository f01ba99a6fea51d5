"""Kinds of the value table that hold numbers and no other value: decimals, fractions, dates, identifiers.

Their constructors take stranger things than these (a date of bytes, a Fraction of text), so that every
part is checked to be what the writer writes.
"""

from __future__ import annotations

import array
import datetime
import decimal
import fractions
import uuid
from typing import Any

from .kinds import built, exact, ints
from .wire import Malformed

MOST_DIGITS = (
    100_000  # of a Decimal, and its exponent; bits of a Fraction's parts: beyond it arithmetic explodes
)


def _decimal_fits(value: decimal.Decimal) -> bool:
    _, digits, exponent = value.as_tuple()
    return len(digits) <= MOST_DIGITS and (isinstance(exponent, str) or abs(exponent) <= MOST_DIGITS)


def _decimal(text: Any) -> decimal.Decimal:
    made = decimal.Decimal(exact(text, str)) if len(text) < 2 * MOST_DIGITS else None
    if made is None or not _decimal_fits(made):
        raise Malformed("a Decimal of too many digits")
    return made


def _fraction_fits(value: fractions.Fraction) -> bool:
    parts = (value.numerator, value.denominator)
    return all(type(part) is int and part.bit_length() <= MOST_DIGITS for part in parts)


def _fraction(contents: Any) -> fractions.Fraction:
    numerator, denominator = ints(contents, 2)
    if max(numerator.bit_length(), denominator.bit_length()) > MOST_DIGITS:
        raise Malformed("a Fraction of too many digits")
    return fractions.Fraction(numerator, denominator)


def _zone(value: Any) -> Any:
    """A fixed offset in place of a time zone: it compares alike."""
    offset = value.utcoffset()
    return None if offset is None else _duration(offset)


def _duration(value: datetime.timedelta) -> tuple[int, int, int]:
    return (value.days, value.seconds, value.microseconds)


def _timedelta(c: Any) -> datetime.timedelta:
    return datetime.timedelta(*ints(c, 3))


def _tz(offset: Any) -> datetime.timezone | None:
    return None if offset is None else datetime.timezone(_timedelta(offset))


def _datetime(c: Any) -> datetime.datetime:
    when, fold, zone = exact(c, tuple)
    return datetime.datetime(*ints(when, 7), fold=exact(fold, int)).replace(tzinfo=_tz(zone))


def _time(c: Any) -> datetime.time:
    when, fold, zone = exact(c, tuple)
    return datetime.time(*ints(when, 4), fold=exact(fold, int)).replace(tzinfo=_tz(zone))


def _clock(v: Any) -> tuple[int, ...]:
    return (v.hour, v.minute, v.second, v.microsecond)


def _array(c: Any) -> array.array[Any]:
    code, data = exact(c, tuple)
    return array.array(exact(code, str), exact(data, bytes))


built("Decimal", str, _decimal, decimal.Decimal, fits=_decimal_fits)
built(
    "Fraction",
    lambda v: (v.numerator, v.denominator),
    _fraction,
    fractions.Fraction,
    fits=_fraction_fits,
)
built("date", lambda v: (v.year, v.month, v.day), lambda c: datetime.date(*ints(c, 3)), datetime.date)
built(
    "datetime",
    lambda v: ((v.year, v.month, v.day, *_clock(v)), v.fold, _zone(v)),
    _datetime,
    datetime.datetime,
)
built("time", lambda v: (_clock(v), v.fold, _zone(v)), _time, datetime.time)
built("timedelta", _duration, _timedelta, datetime.timedelta)
built("timezone", lambda v: _duration(v.utcoffset(None)), _tz, datetime.timezone)
built("UUID", lambda v: v.int, lambda c: uuid.UUID(int=exact(c, int)), uuid.UUID)
built("array", lambda v: (v.typecode, v.tobytes()), _array, array.array)
