"""The catalogs of a report's fixed texts: the same in all languages, and said right."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.report.content import ACCOUNTS
from evalkit.report.labels import LANGUAGES, Labels, NoLabel, labels

ALL = tuple(LANGUAGES)
REPORT = Path(__file__).parents[2] / "evalkit" / "report"
PLACE = re.compile(r"\{(\w+)\}")


def forms(said: Labels, key: str) -> Iterator[tuple[str, str]]:
    text = said.texts[key]
    yield from [("", text)] if isinstance(text, str) else text.items()


@pytest.mark.parametrize("code", ALL)
def test_each_language_has_every_text_and_the_same_places_in_it(code: str) -> None:
    english, said = labels("en"), labels(code)
    assert list(said.texts) == list(english.texts)  # the same order too: catalogs are read side by side
    for key in said.texts:
        wanted = {place for _, text in forms(english, key) for place in PLACE.findall(text)}
        for form, text in forms(said, key):
            assert set(PLACE.findall(text)) == wanted, (key, form)
            assert text == text.strip(), key
            assert text, key
            assert "{" not in PLACE.sub("", text), key


@pytest.mark.parametrize("code", ALL)
def test_no_text_is_there_twice(code: str) -> None:
    """JSON would keep the last one without a word."""

    def every(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), [key for key, _ in pairs]
        return dict(pairs)

    json.loads((REPORT / "labels" / f"{code}.json").read_text(encoding="utf-8"), object_pairs_hook=every)


@pytest.mark.parametrize("code", ALL)
def test_a_text_with_plurals_has_all_forms_of_its_language(code: str) -> None:
    english, said = labels("en"), labels(code)
    for key, text in said.texts.items():
        assert isinstance(text, str) == isinstance(english.texts[key], str), key
        if not isinstance(text, str):
            assert tuple(text) == LANGUAGES[code].forms, key


@pytest.mark.parametrize("code", ["uk", "tr"])
def test_nothing_is_left_in_english(code: str) -> None:
    """But for what is the same: marks, `pass@k`, names."""
    english, said = labels("en"), labels(code)
    same = {key for key in said.texts if said.texts[key] == english.texts[key]}
    letters = {key for key in same if re.search(r"[A-Za-z]{3}", PLACE.sub("", str(said.texts[key])))}
    assert {PLACE.sub("", str(said.texts[key])) for key in letters} <= {
        "pass@",
        "pass^",
        "Model",
        "evalkit",
        "Python",
    }


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, "0 завдань"),
        (1, "1 завдання"),
        (2, "2 завдання"),
        (5, "5 завдань"),
        (11, "11 завдань"),
        (12, "12 завдань"),
        (21, "21 завдання"),
        (22, "22 завдання"),
        (111, "111 завдань"),
        (164, "164 завдання"),
        (1500, "1\u202f500 завдань"),
    ],
)
def test_ukrainian_nouns_follow_their_number(n: int, shown: str) -> None:
    assert labels("uk")("count.tasks", n=n) == shown


def test_plurals_elsewhere() -> None:
    english, ukrainian, turkish = (labels(code) for code in ALL)
    assert [english("count.tasks", n=n) for n in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
    assert [turkish("count.tasks", n=n) for n in (1, 2000)] == ["1 görev", "2\u202f000 görev"]
    assert [ukrainian("count.runs", n=n) for n in (1, 3, 5)] == ["1 прогін", "3 прогони", "5 прогонів"]
    # a fraction has a form of its own
    assert ukrainian("count.points", n=7.5) == "7.5 пункту"
    assert ukrainian("count.points", n=7) == "7 пунктів"


def test_not_disclosed_is_printed_as_the_launch_documents_do() -> None:
    assert [labels(code)["specifications.value.n/d"] for code in ALL] == ["n/d", "Н/Д", "V/Y"]
    assert {labels(code)["value.missing"] for code in ALL} == {"–"}


def test_every_class_of_outcome_has_a_name_of_its_own() -> None:
    for code in ALL:
        assert len({labels(code)[f"accounts.{name}"] for name in ACCOUNTS}) == len(ACCOUNTS)


def test_numbers_have_a_point_in_every_language_and_thousands_of_their_own() -> None:
    for code in ALL:
        said = labels(code)
        assert said.number(37.5) == "37.5"
        assert said.signed(5.44) == "+5.4"
        assert said.signed(-3.7) == "−3.7"
        assert said.signed(-0.04) == said.signed(0.0) == "0.0"
        assert said.interval(27.66, 48.5) == "27.7–48.5"
        assert said.count(7) == "7"
    assert [labels(code).number(-1234.56, 2) for code in ALL] == [
        "−1,234.56",
        "−1\u202f234.56",
        "−1\u202f234.56",
    ]
    assert labels("en").between(-3.7, 14.3) == "−3.7 to +14.3"
    assert labels("tr").percent(0.955) == "%95.5"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.84, "0.8 s"), (9.97, "10 s"), (12, "12 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")],
)
def test_times(seconds: float, shown: str) -> None:
    assert labels("en").duration(seconds) == shown


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [(0, "$0.00"), (0.00001, "under $0.0001"), (0.0123, "$0.0123"), (1234.5, "$1,234.50")],
)
def test_money(dollars: float, shown: str) -> None:
    assert labels("en").money(dollars) == shown


def test_an_unknown_language_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no labels in language 'de'") as caught:
        labels("de")
    assert "en (English), uk (Українська), tr (Türkçe)" in caught.value.hint


def test_a_mistake_in_a_key_or_its_values_is_said() -> None:
    said = labels("en")
    with pytest.raises(NoLabel, match=r"no label 'table\.bset' in English: did you mean table\.best"):
        said["table.bset"]
    with pytest.raises(NoLabel, match=r"'forest\.title' wants b"):
        said("forest.title", a="x")
    with pytest.raises(NoLabel, match="wants a number n"):
        said("count.tasks")
    assert not said.has("table.bset")
    assert said.has("specifications.licence")


def test_a_value_is_never_read_as_a_place() -> None:
    shown = labels("en")("forest.title", a="{b} {0} %s {a.__class__}", b="<script>")
    assert shown == "{b} {0} %s {a.__class__} minus <script>"


# keys that code puts together from a name: a class of outcome, a column, a section, a fact, a rank
MADE = (
    "accounts.",
    "drill.",
    "environment.",
    "facts.",
    "formats.",
    "nav.",
    "setting.",
    "specifications.",
    "table.best",
    "table.second",
)


def sources() -> Iterator[tuple[Path, str]]:
    for folder in (REPORT, REPORT.parent / "cli"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".j2", ".js") and path.parent.name != "labels":
                yield path, path.read_text(encoding="utf-8")


def test_no_text_is_unused() -> None:
    code = "\n".join(text for _, text in sources())
    own = (REPORT / "labels" / "__init__.py").read_text(encoding="utf-8")
    unused = [
        key
        for key in labels("en").texts
        if not key.startswith(MADE) and f'"{key}"' not in code + own and f"'{key}'" not in code
    ]
    assert unused == []


@pytest.mark.parametrize("path", sorted(REPORT.rglob("*.j2")), ids=lambda path: path.name)
def test_templates_have_no_fixed_text_of_their_own(path: Path) -> None:
    """Between tags and in what a screen reader reads out, only what code and catalogs give."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<(style|script)\b.*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:aria-label|title|alt|placeholder|summary)="([^"]*)"', text)
    between = re.findall(r">([^<>]*)<", re.sub(r'"[^"]*"', '""', text))
    words = [
        piece.strip() for piece in [*spoken, *between] if re.search(r"[A-Za-z]{2}", html.unescape(piece))
    ]
    assert set(words) <= {"evalkit", "sha256", "pass@k", "pass^k", ", pass@k, pass^k", "SE"}
