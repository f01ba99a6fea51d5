"""Problems for LiveCodeBench's parity: our own, and real ones that our right programs are for."""

from __future__ import annotations

import base64
import json
import pickle
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evalkit.data import read_records

FOLDER = Path(__file__).parent
SECTION = re.compile(r"^=== (.+)\n", re.MULTILINE)
FILES = (
    "release_v1_public_full_fields.jsonl.gz",
    *(f"test{number}_public.jsonl.gz" for number in range(2, 7)),
)

Record = dict[str, Any]

TOTAL = (("3\n1 2 3\n", "6\n"), ("2\n10 20\n", "30\n"), ("1\n5", "5"), ("4\n-1 -2 3 0\n", "0\n"))
EVENS = (("[1, 2, 3, 4]", "[2, 4]"), ("[2]", "[2]"), ("[]", "[]"), ("[-2, 7, 0]", "[-2, 0]"))
# what is expected: what is printed instead. Spaces at both ends, lines and numbers count in different ways.
PRINTED = {
    "1.0 2\nYES\n\nend 1.0\n": (
        *(
            "1.0 2\nYES\n\nend 1.0",
            "1 2\nYES\n\nend 1.0",
            "1e0  2.00\nYES\n\nend 1.0",
            "01 2\nYES\n\nend 1.0",
        ),
        *("1.0 2.0000000001\nYES\n\nend 1.0", "\n\n 1.0 2 \n  YES\t\n\nend 1.0\n\n", "1.0 2\nYES\nend 1.0"),
        *(
            "1.0 2\nYES\n\n\nend 1.0",
            "1.0 2\nYES\n \nend 1.0",
            "1.0 2\nyes\n\nend 1.0",
            "1.0 2\nYES\n\nend 1",
        ),
        *(
            "1.0 2\nYES\n\nend  1.0",
            "1.0\t2\nYES\n\nend 1.0",
            "1.0 2\r\nYES\r\n\r\nend 1.0\r\n",
            "2 1.0\nYES\n\nend 1.0",
        ),
        *("1.0 2 3\nYES\n\nend 1.0", "1.0\nYES\n\nend 1.0", "１ 2\nYES\n\nend 1.0", "1.0 2\rYES\n\nend 1.0"),
        *("1.0 2\x0bYES\n\nend 1.0", "1.0 2\x85YES\n\nend 1.0", "1.0 2\nYES\x00\n\nend 1.0", ""),
    ),
    "0.333333\n": (
        "0.3333330",
        ".333333",
        "0.3333333",
        "333333e-6",
        "0.333333\n0",
        "1/3",
        "0,333333",
        "+0.333333",
    ),
    "NaN\n": ("nan", "NaN", "NAN", " NaN ", "sNaN"),
    "nan inf\n": ("nan inf", "nan Infinity", "nan  inf", "nan INF"),
    "inf -0 100\n": (
        "Infinity 0 1e2",
        "inf -0 100.",
        "inf 0 1_00",
        "inf --0 100",
        "inf 0 0x64",
        "INF 0 1E+2",
    ),
    "sNaN 1\n": ("sNaN 1", "sNaN 1.0"),
    "\n": ("", " ", "\n\n", "\x1f", "0", "\u3000"),
    "": ("", "\n", "None"),
    "7": (
        "7",
        "7.",
        "7.0",
        "seven",
        "٧",
        "7\u00a0",
        "\ufeff7",
        "7 # right",
        "7\\n",
        "'7'",
        "7j",
        "(7)",
        "True",
    ),
    "1 2 3 ": ("1 2 3", "1  2   3", "1\n2\n3", "1,2,3", "[1, 2, 3]", "1 2 3 ", "1 2 3\n\n", "1 2"),
    "a b": ("a b", "a  b", "a\tb", "A b", "b a", "a b c"),
    "1e400 2": ("1e400 2", "1e400 2.0", f"1{'0' * 400} 2", "inf 2"),
    "123456789012345678901234567890": ("123456789012345678901234567890.0", "123456789012345678901234567891"),
}
# what is expected, as JSON: Python expressions that are returned instead
RETURNED = {
    "1": (
        "1",
        "True",
        "1.0",
        "'1'",
        "[1]",
        "(1,)",
        "1 + 0j",
        "None",
        "Decimal(1)",
        "Fraction(1)",
        "numpy.int64(1)",
    ),
    "true": ("True", "1", "1.0", "'true'", "numpy.bool_(True)", "[True]", "numpy.array([True])", "not None"),
    "null": ("None", "'null'", "0", "False", "[]", "numpy.nan"),
    "0.1": (
        "0.1",
        "0.1 + 1e-18",
        "0.1 + 1e-12",
        "Decimal('0.1')",
        "Fraction(1, 10)",
        "'0.1'",
        "numpy.float64(0.1)",
    ),
    "0.3": ("0.1 + 0.2", "0.3", "round(0.1 + 0.2, 5)"),
    "[]": (
        "[]",
        "()",
        "{}",
        "set()",
        "''",
        "None",
        "0",
        "numpy.array([])",
        "range(0)",
        "deque()",
        "iter([])",
    ),
    "[1, 2]": (
        *(
            "[1, 2]",
            "(1, 2)",
            "{1, 2}",
            "range(1, 3)",
            "'12'",
            "deque([1, 2])",
            "numpy.array([1, 2])",
            "[1, 2.0]",
        ),
        *(
            "[True, 2]",
            "[[1], 2]",
            "{1: 0, 2: 0}",
            "(x for x in (1, 2))",
            "map(int, '12')",
            "bytearray([1, 2])",
        ),
        *(
            "numpy.array([1, 2]).tolist()",
            "[*numpy.array([1, 2])]",
            "array('q', [1, 2])",
            "frozenset([1, 2])",
        ),
    ),
    "[[1, 2], [3]]": (
        *(
            "[[1, 2], [3]]",
            "[(1, 2), (3,)]",
            "([1, 2], [3])",
            "((1, 2), (3,))",
            "[[1, 2], (3,)]",
            "[{1, 2}, {3}]",
        ),
        *("[range(1, 3), [3]]", "[numpy.array([1, 2]), numpy.array([3])]", "[deque([1, 2]), [3]]"),
    ),
    "[true]": ("[True]", "(True,)", "numpy.array([True])", "numpy.array([1])", "[numpy.bool_(True)]", "[1]"),
    "[7]": (
        "numpy.array([7])",
        "numpy.array(7)",
        "numpy.array([[7]])",
        "numpy.array([7, 7])",
        "[numpy.int8(7)]",
    ),
    '"ab"': (
        "'ab'",
        "b'ab'",
        "['a', 'b']",
        "'ab '",
        "'AB'",
        "type('S', (str,), {})('ab')",
        "UserString('ab')",
    ),
    '["a", "b"]': ("['a', 'b']", "list('ab')", "tuple('ab')", "'ab'", "['a', 'b', '']", "{'a', 'b'}"),
    '{"a": 1}': (
        "{'a': 1}",
        "OrderedDict(a=1)",
        "collections.Counter('a')",
        "[('a', 1)]",
        "{'a': 1}.items()",
    ),
    "NaN": ("float('nan')", "math.nan", "None", "'NaN'"),
    "[NaN]": ("[float('nan')]", "[math.nan]"),
    "Infinity": ("float('inf')", "math.inf", "inf", "10 ** 400", "numpy.inf"),
    "-0.0": ("0", "0.0", "-0.0", "False"),
    "100000000000000000000000": ("10 ** 23", "1e23", "float(10 ** 23)", "Decimal(10) ** 23", "str(10 ** 23)"),
    '"\\ud800"': ("'\\ud800'", "'?'", "''"),
}


def own() -> dict[str, Record]:
    """Records in the official form, by question_id. "total" and "evens" have private tests, packed."""
    found = [
        record("total", TOTAL, ""),
        record("evens", EVENS, "evens"),
        *(record(f"printed-{n}", [("1\n", text)], "") for n, text in enumerate(PRINTED)),
        *(record(f"returned-{n}", [("1", text)], "value") for n, text in enumerate(RETURNED)),
    ]
    return {r["question_id"]: r for r in found}


def record(name: str, tests: Any, function: str) -> Record:
    """The first two tests are public, the others private."""
    kind = "functional" if function else "stdin"
    cases = [{"input": given, "output": right, "testtype": kind} for given, right in tests]
    return {
        "question_title": name,
        "question_content": f"{name}: a problem of evalkit's own",
        "platform": "leetcode" if function else "atcoder",
        "question_id": name,
        "contest_id": "evalkit",
        "contest_date": "2026-11-01T00:00:00",
        "starter_code": f"class Solution:\n    def {function}(self, x):\n        " if function else "",
        "difficulty": "easy",
        "public_test_cases": json.dumps(cases[:2]),
        "private_test_cases": packed(cases[2:]) if cases[2:] else "[]",
        "metadata": json.dumps({"func_name": function} if function else {}),
    }


def packed(cases: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def sections(name: str) -> Iterator[tuple[str, str]]:
    """(title, text) of each section of a file in this folder."""
    _, *parts = SECTION.split((FOLDER / name).read_text(encoding="utf-8"))
    yield from zip(parts[::2], parts[1::2], strict=True)


def real(data: Path) -> dict[str, Record]:
    """The records of `data` with all tests at hand, where there are any; by question_id."""
    folder = data / "livecodebench"
    found = {r["question_id"]: r for file in FILES for r in read_records(folder / file)}
    extra: dict[str, list[Any]] = {}
    for test in read_records(folder / "harvested_private_tests.jsonl"):
        extra.setdefault(test["question_id"], []).append(
            {key: test[key] for key in ("input", "output", "testtype")}
        )
    for row in read_records(folder / "full_tests_sample.jsonl"):
        extra[json.loads(row["labels"])["task_id"].rpartition("/")[2]] = sample_tests(row["test"])
    whole = {
        name: {**found[name], "private_test_cases": json.dumps(extra.get(name, []))} for name in sorted(found)
    }
    return {name: r for name, r in whole.items() if extra.get(name) or json.loads(r["public_test_cases"])}


def sample_tests(text: str) -> list[Any]:
    """SandboxFusion's packing of a problem's tests; it holds nothing but texts in a dictionary."""

    class Plain(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            raise pickle.UnpicklingError(f"{module}.{name}")

    import io

    whole = json.loads(Plain(io.BytesIO(zlib.decompress(base64.b64decode(text)))).load()["input_output"])
    kind = "functional" if whole.get("fn_name") else "stdin"
    return [
        {"input": given, "output": right, "testtype": kind}
        for given, right in zip(whole["inputs"], whole["outputs"], strict=True)
    ]
