"""Every fixed text of a report, in English, Ukrainian and Turkish: one catalog a language, beside this file.

    said = labels("uk")
    said("forest.title", a="Qwen3-Coder", b="Claude Sonnet 4")
    said("count.tasks", n=21)              # 21 завдання: the form follows `n`

What documents, data and runs say (titles, notes, printed values) is shown as it is. Numbers have a decimal
point in every language, as all three languages' launch documents print them, so that a measured value looks
like the published one above it; only the mark between thousands follows the language (docs/labels.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from evalkit.errors import UsageError
from evalkit.registry import did_you_mean

MINUS = "\N{MINUS SIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"

Form = str  # "one", "few", "many" or "other", as CLDR names them
Text = str | Mapping[Form, str]
_PLACE = re.compile(r"\{(\w+)\}")


def _english(n: int) -> Form:
    return "one" if n == 1 else "other"


def _ukrainian(n: int) -> Form:
    if n % 10 == 1 and n % 100 != 11:
        return "one"
    return "few" if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else "many"


def _turkish(n: int) -> Form:
    return "other"  # a noun after a number stays singular


@dataclass(frozen=True)
class Language:
    """`forms` that a text with a plural must have; `other` is also that of numbers with a fraction."""

    code: str
    name: str
    thousands: str
    forms: tuple[Form, ...]
    form: Callable[[int], Form]


LANGUAGES: Mapping[str, Language] = {
    "en": Language("en", "English", ",", ("one", "other"), _english),
    "uk": Language("uk", "Українська", NARROW, ("one", "few", "many", "other"), _ukrainian),
    "tr": Language("tr", "Türkçe", NARROW, ("other",), _turkish),
}


class NoLabel(LookupError):
    """A text that the catalog lacks, or a value that the text asks for: a mistake in evalkit's own code."""


@dataclass(frozen=True)
class Labels:
    """The texts of one language. Plain text: whoever draws them escapes them."""

    language: Language
    texts: Mapping[str, Text]

    def __getitem__(self, key: str) -> str:
        return self(key)

    def __call__(self, key: str, /, **values: str | int | float) -> str:
        """The text with `values` in their places: integers with thousands, fractions with one decimal."""
        text = self.texts.get(key)
        if text is None:
            raise NoLabel(f"no label {key!r} in {self.language.name}: {did_you_mean(key, self.texts)}")
        if not isinstance(text, str):
            text = text[self._form(key, values)]
        missing = set(_PLACE.findall(text)) - set(values)
        if missing:
            raise NoLabel(f"label {key!r} wants {', '.join(sorted(missing))}")
        # one pass: a value that looks like a place stays as it is
        return _PLACE.sub(lambda place: self._shown(values[place[1]]), text)

    def has(self, key: str) -> bool:
        """For names that come from data: a field of a specification, a reason."""
        return key in self.texts

    def _form(self, key: str, values: Mapping[str, str | int | float]) -> Form:
        n = values.get("n")
        if n is None or isinstance(n, str):
            raise NoLabel(f"label {key!r} has a plural and wants a number n, not {n!r}")
        return self.language.form(abs(n)) if isinstance(n, int) else "other"

    def _shown(self, value: str | int | float) -> str:
        if isinstance(value, str):
            return value
        return self.count(value) if isinstance(value, int) else self.number(value)

    def number(self, value: float, digits: int = 1) -> str:
        """1,234.5; a minus is a real one."""
        shown = f"{value:,.{digits}f}"
        if not any(digit in shown for digit in "123456789"):
            shown = shown.removeprefix("-")
        return shown.replace(",", self.language.thousands).replace("-", MINUS)

    def signed(self, value: float, digits: int = 1) -> str:
        """+5.4, −3.7, 0.0."""
        shown = self.number(value, digits)
        zero = not any(digit in shown for digit in "123456789")
        return shown if zero or shown.startswith(MINUS) else f"+{shown}"

    def count(self, n: int) -> str:
        return self.number(n, 0)

    def interval(self, low: float, high: float, digits: int = 1) -> str:
        """27.7–48.5, as intervals are asymmetric."""
        return f"{self.number(low, digits)}–{self.number(high, digits)}"

    def between(self, low: float, high: float, digits: int = 1) -> str:
        """−3.7 to +14.3: ends that have signs."""
        return self("interval.signed", low=self.signed(low, digits), high=self.signed(high, digits))

    def percent(self, fraction: float, digits: int = 1) -> str:
        return self("number.percent", number=self.number(100 * fraction, digits))

    def money(self, dollars: float) -> str:
        """Two decimals from a dollar on, four below; what is below those is not shown as free."""
        if 0 < dollars < 0.00005:
            return self("number.under", number="$0.0001")
        return f"${self.number(dollars, 2 if dollars >= 1 or dollars == 0 else 4)}"

    def duration(self, seconds: float) -> str:
        """0.8 s, 12 s, 3 min 20 s, 2 h 05 min."""
        if seconds < 60:
            return self("time.seconds", s=self.number(seconds, 1 if seconds < 9.95 else 0))
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self("time.minutes", m=minutes, s=f"{rest:02d}")
        return self("time.hours", h=minutes // 60, m=f"{minutes % 60:02d}")


@cache
def labels(language: str = "en") -> Labels:
    """The catalog of "en", "uk" or "tr"."""
    if language not in LANGUAGES:
        known = ", ".join(f"{code} ({one.name})" for code, one in LANGUAGES.items())
        raise UsageError(f"no labels in language {language!r}", f"languages: {known}")
    file = resources.files(__name__).joinpath(f"{language}.json")
    return Labels(LANGUAGES[language], json.loads(file.read_text(encoding="utf-8")))
