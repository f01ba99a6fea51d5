"""Exercises by template, in Aider-Polyglot's layout: as many as a test wants, in three quick languages.

A gauge shows `a * x + b` and writes it with its unit. `write_variant(root, "python", 7)` makes the exercise
python/exercises/practice/gauge-07; `twin` ones (Python only) have two files to edit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

INSTRUCTIONS = """\
# Instructions

Write gauge number {n}.

`{reading}(x)` is {a} times x and {b} more. `{label}(x)` is that number and `{unit}`, with a space between.
"""


@dataclass(frozen=True)
class Variant:
    """What was written. `stub`, `right` and `wrong` (off by one): path -> text of the files to edit."""

    language: str
    name: str
    stub: dict[str, str]
    right: dict[str, str]
    wrong: dict[str, str]
    test: str
    test_text: str

    @property
    def id(self) -> str:
        return f"{self.language}/{self.name}"


def write_variant(root: Path, language: str, n: int, *, twin: bool = False) -> Variant:
    numbers = {"n": f"{n:02d}", "a": str(n + 2), "b": str(3 * n + 1), "unit": ("mm", "bar", "volt")[n % 3]}
    write = {"python": _twin if twin else _python, "javascript": _javascript, "go": _go}[language]
    return write(root / language / "exercises" / "practice" / f"gauge-{n:02d}", numbers)


def _put(
    folder: Path, numbers: dict[str, str], names: dict[str, str], variant: Variant, beside: dict[str, str]
) -> Variant:
    examples = {f".meta/{path}": path for path in variant.right}
    files = {"solution": list(variant.stub), "test": [variant.test], "example": list(examples)}
    texts = {
        **variant.stub,
        variant.test: variant.test_text,
        **beside,
        **{example: variant.right[path] for example, path in examples.items()},
        ".docs/instructions.md": INSTRUCTIONS.format(**numbers, **names),
        ".meta/config.json": json.dumps({"authors": ["evalkit"], "files": files, "blurb": "Read a gauge."}),
    }
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return variant


def _filled(text: str, numbers: dict[str, str]) -> str:
    text = dedent(text)
    for name, value in numbers.items():
        text = text.replace(f"@{name}@", value)
    return text


def _python(folder: Path, numbers: dict[str, str]) -> Variant:
    path = f"gauge_{numbers['n']}.py"
    stub = """\
        def reading(x):
            pass


        def label(x):
            pass
        """
    right = """\
        def reading(x):
            return @a@ * x + @b@


        def label(x):
            return f"{reading(x)} @unit@"
        """
    test = """\
        import unittest

        from gauge_@n@ import label, reading


        class GaugeTest(unittest.TestCase):
            def test_it_reads_nothing(self):
                self.assertEqual(reading(0), @b@)

            def test_it_reads_more(self):
                self.assertEqual(reading(10), @a@ * 10 + @b@)

            def test_it_has_a_label(self):
                self.assertEqual(label(0), "@b@ @unit@")
        """
    variant = Variant(
        "python",
        folder.name,
        {path: dedent(stub)},
        {path: _filled(right, numbers)},
        {path: _filled(right.replace("+ @b@", "- @b@"), numbers)},
        f"check_{numbers['n']}_test.py",
        _filled(test, numbers),
    )
    names = {"reading": "reading", "label": "label"}
    return _put(folder, numbers, names, variant, {})


def _twin(folder: Path, numbers: dict[str, str]) -> Variant:
    first, second = f"gauge_{numbers['n']}.py", f"label_{numbers['n']}.py"
    test = """\
        import unittest

        from gauge_@n@ import reading
        from label_@n@ import label


        class GaugeTest(unittest.TestCase):
            def test_it_reads(self):
                self.assertEqual(reading(10), @a@ * 10 + @b@)

            def test_it_has_a_label(self):
                self.assertEqual(label(0), "@b@ @unit@")
        """
    label = """\
        from gauge_@n@ import reading


        def label(x):
            return f"{reading(x)} @unit@"
        """
    reading = _filled("def reading(x):\n    return @a@ * x + @b@\n", numbers)
    variant = Variant(
        "python",
        folder.name,
        {first: "def reading(x):\n    pass\n", second: "def label(x):\n    pass\n"},
        {first: reading, second: _filled(label, numbers)},
        {first: reading, second: _filled(label.replace("@unit@", "miles"), numbers)},
        f"check_{numbers['n']}_test.py",
        _filled(test, numbers),
    )
    names = {"reading": "reading", "label": "label"}
    return _put(folder, numbers, names, variant, {})


def _javascript(folder: Path, numbers: dict[str, str]) -> Variant:
    path, spec = f"{folder.name}.js", f"{folder.name}.spec.js"
    stub = """\
        export const reading = (x) => {
          throw new Error('Write this function');
        };

        export const label = (x) => {
          throw new Error('Write this function');
        };
        """
    right = """\
        export const reading = (x) => @a@ * x + @b@;

        export const label = (x) => `${reading(x)} @unit@`;
        """
    test = """\
        import { label, reading } from './gauge-@n@';

        describe('gauge @n@', () => {
          test('reads', () => {
            expect(reading(10)).toEqual(@a@ * 10 + @b@);
          });

          xtest('has a label', () => {
            expect(label(0)).toEqual('@b@ @unit@');
          });
        });
        """
    variant = Variant(
        "javascript",
        folder.name,
        {path: dedent(stub)},
        {path: _filled(right, numbers)},
        {path: _filled(right.replace("@unit@", "miles"), numbers)},  # only the test that is off sees it
        spec,
        _filled(test, numbers),
    )
    build = (
        Path(__file__).parent / "aider_polyglot_set" / "javascript" / "exercises" / "practice" / "seat-plan"
    )
    beside = {name: (build / name).read_text() for name in ("package.json", "babel.config.js")}
    names = {"reading": "reading", "label": "label"}
    return _put(folder, numbers, names, variant, beside)


def _go(folder: Path, numbers: dict[str, str]) -> Variant:
    path, test = f"gauge_{numbers['n']}.go", f"gauge_{numbers['n']}_test.go"
    stub = """\
        package gauge

        func Reading(x int) int {
            panic("Please implement the Reading function")
        }

        func Label(x int) string {
            panic("Please implement the Label function")
        }
        """
    right = """\
        package gauge

        import "fmt"

        func Reading(x int) int {
            return @a@*x + @b@
        }

        func Label(x int) string {
            return fmt.Sprintf("%d @unit@", Reading(x))
        }
        """
    tests = """\
        package gauge

        import "testing"

        func TestReading(t *testing.T) {
            if got := Reading(10); got != @a@*10+@b@ {
                t.Fatalf("Reading(10) = %d, want %d", got, @a@*10+@b@)
            }
        }

        func TestLabel(t *testing.T) {
            if got := Label(0); got != "@b@ @unit@" {
                t.Fatalf("Label(0) = %q, want %q", got, "@b@ @unit@")
            }
        }
        """
    variant = Variant(
        "go",
        folder.name,
        {path: _tabbed(stub)},
        {path: _filled(_tabbed(right), numbers)},
        {path: _filled(_tabbed(right).replace("@unit@", "miles"), numbers)},
        test,
        _filled(_tabbed(tests), numbers),
    )
    beside = {"go.mod": "module gauge\n\ngo 1.18\n"}
    return _put(folder, numbers, {"reading": "Reading", "label": "Label"}, variant, beside)


def _tabbed(text: str) -> str:
    """As Go has it: a tab for each four blanks."""
    return dedent(text).replace("    ", "\t")
