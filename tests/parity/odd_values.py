"""Right results in odd clothes: what an answer may return instead of the plain value.

Each entry is an expression over `x`, the gold's result. It is used on problems whose tests expect one of
`kinds` ("any": every problem). Where the expression does not fit a result, it raises: an odd answer too.
"""

from __future__ import annotations

IMPORTS = """
import array, asyncio, collections, dataclasses, datetime, decimal, enum, fractions, functools, io, itertools
import random, re, string, sys, types
import numpy as np

class StrSub(str): pass
class IntSub(int): pass
class FloatSub(float): pass
class ListSub(list): pass
class TupleSub(tuple): pass
class DictSub(dict): pass
class Equal:
    def __eq__(self, other): return True
    def __hash__(self): return 0
    def __iter__(self): return iter(())
    def __len__(self): return 1
    def __abs__(self): return 0
    def __sub__(self, other): return self
    __rsub__ = __sub__
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
class Plain: pass
class Index:
    def __init__(self, value): self.value = value
    def __index__(self): return self.value
class EqualToValue:
    def __init__(self, value): self.value = value
    def __eq__(self, other): return self.value == other
    def __bool__(self): return bool(self.value)
@dataclasses.dataclass
class Boxed:
    value: object
def raising(x):
    yield from x
    raise ValueError("late")
def cyclic():
    x = []
    x.append(x)
    return x
def nested(depth):
    x = []
    for _ in range(depth):
        x = [x]
    return x
"""

VALUES: dict[str, tuple[str, str]] = {
    # dictionaries
    "counter": ("dict", "collections.Counter(x)"),
    "defaultdict": ("dict", "collections.defaultdict(int, x)"),
    "ordereddict": ("dict", "collections.OrderedDict(x)"),
    "ordereddict-reversed": ("dict", "collections.OrderedDict(reversed(list(x.items())))"),
    "dict-subclass": ("dict", "DictSub(x)"),
    "userdict": ("dict", "collections.UserDict(x)"),
    "mapping-proxy": ("dict", "types.MappingProxyType(x)"),
    "chainmap": ("dict", "collections.ChainMap(x)"),
    "dict-items": ("dict", "list(x.items())"),
    "dict-float-values": ("dict", "{k: float(v) for k, v in x.items()}"),
    "dict-numpy-values": ("dict", "{k: np.int64(v) for k, v in x.items()}"),
    # lists
    "tuple-for-list": ("list", "tuple(x)"),
    "deque": ("list", "collections.deque(x)"),
    "iterator": ("list set", "iter(x)"),
    "generator": ("list set", "(i for i in x)"),
    "raising-generator": ("list set", "raising(x)"),
    "map": ("list set", "map(lambda i: i, x)"),
    "filter": ("list set", "filter(lambda i: True, x)"),
    "zip": ("list", "zip(x, x)"),
    "reversed": ("list", "reversed(x[::-1])"),
    "chain": ("list set", "itertools.chain(x)"),
    "list-subclass": ("list", "ListSub(x)"),
    "userlist": ("list", "collections.UserList(x)"),
    "numpy-array": ("list tuple", "np.array(x)"),
    "numpy-object-array": ("list", "np.array(x, dtype=object)"),
    "array-long": ("list", "array.array('l', x)"),
    "array-double": ("list", "array.array('d', x)"),
    "set-for-list": ("list", "set(x)"),
    "frozenset": ("list set", "frozenset(x)"),
    "dict-keys": ("list set", "dict.fromkeys(x).keys()"),
    "dict-for-list": ("list", "dict.fromkeys(x)"),
    "numpy-int-items": ("list tuple", "type(x)(np.int64(i) for i in x)"),
    "numpy-float-items": ("list tuple", "type(x)(np.float64(i) for i in x)"),
    "float-items": ("list tuple", "type(x)(float(i) for i in x)"),
    "fraction-items": ("list tuple", "type(x)(fractions.Fraction(i) for i in x)"),
    "bool-items": ("list tuple", "type(x)(bool(i) for i in x)"),
    "str-items": ("list tuple", "type(x)(str(i) for i in x)"),
    "str-subclass-items": ("list tuple", "type(x)(StrSub(i) for i in x)"),
    "tuple-items": ("list", "[tuple(i) for i in x]"),
    "list-items": ("list tuple", "type(x)(list(i) for i in x)"),
    "noise-1e-9": ("list tuple", "type(x)(i + 1e-9 for i in x)"),
    "noise-1e-5": ("list tuple", "type(x)(i + 1e-5 for i in x)"),
    "sorted-list": ("list", "sorted(x)"),
    "reversed-list": ("list", "x[::-1]"),
    "twice": ("list tuple str", "x + x"),
    "without-last": ("list tuple str", "x[:-1]"),
    "memoryview": ("list", "memoryview(bytes(x))"),
    "range": ("list", "range(len(x))"),
    # tuples, sets
    "list-for-tuple": ("tuple", "list(x)"),
    "tuple-subclass": ("tuple", "TupleSub(x)"),
    "namedtuple": ("tuple", "collections.namedtuple('Result', [f'f{i}' for i in range(len(x))])(*x)"),
    "set-sorted": ("set", "sorted(x)"),
    "set-subclass": ("set", "type('S', (set,), {})(x)"),
    # numbers
    "float-for-int": ("int", "float(x)"),
    "bool-for-int": ("int", "bool(x)"),
    "numpy-int64": ("int", "np.int64(x)"),
    "numpy-int32": ("int", "np.int32(x)"),
    "numpy-uint8": ("int", "np.uint8(x % 256)"),
    "decimal": ("int float", "decimal.Decimal(x)"),
    "decimal-of-text": ("int float", "decimal.Decimal(str(x))"),
    "fraction": ("int float", "fractions.Fraction(x)"),
    "complex": ("int float", "complex(x)"),
    "int-subclass": ("int", "IntSub(x)"),
    "int-enum": ("int", "enum.IntEnum('Result', {'A': x}).A"),
    "index-object": ("int", "Index(x)"),
    "numpy-0d": ("int float", "np.array(x)"),
    "numpy-one-element": ("int float bool", "np.array([x])"),
    "numpy-two-elements": ("int float bool", "np.array([x, x])"),
    "numpy-empty": ("int float bool list", "np.array([])"),
    "text-of-number": ("int float", "str(x)"),
    "list-of-one": ("int float str bool", "[x]"),
    "tuple-of-one": ("int float str bool", "(x,)"),
    "plus-1e-9": ("int float", "x + 1e-9"),
    "plus-1e-7": ("int float", "x + 1e-7"),
    "plus-5e-7": ("float", "x + 5e-7"),
    "plus-5e-5": ("float", "x + 5e-5"),
    "times-1+1e-8": ("float", "x * (1 + 1e-8)"),
    "numpy-float64": ("float", "np.float64(x)"),
    "numpy-float32": ("float", "np.float32(x)"),
    "float-subclass": ("float", "FloatSub(x)"),
    "int-of-float": ("float", "int(x)"),
    "nan": ("int float", "float('nan')"),
    "infinity": ("int float", "float('inf')"),
    "negative-zero": ("int float", "-0.0 if x == 0 else x"),
    "huge-int": ("int", "x + 10 ** 5000"),
    "huge-equal-int": ("int", "x + 10 ** 5000 - 10 ** 5000"),
    # truth
    "int-for-bool": ("bool", "int(x)"),
    "numpy-bool": ("bool", "np.bool_(x)"),
    "float-for-bool": ("bool", "float(x)"),
    "text-for-bool": ("bool", "'yes' if x else ''"),
    "list-for-bool": ("bool", "[0] if x else []"),
    "match-for-bool": ("bool", "re.match('a', 'a') if x else None"),
    "text-of-bool": ("bool", "str(x)"),
    "object-for-bool": ("bool", "Plain() if x else None"),
    "false-object": ("bool", "EqualToValue(x)"),
    # texts
    "str-subclass": ("str", "StrSub(x)"),
    "numpy-str": ("str", "np.str_(x)"),
    "bytes": ("str", "x.encode()"),
    "characters": ("str", "list(x)"),
    "userstring": ("str", "collections.UserString(x)"),
    "str-enum": ("str", "enum.StrEnum('Result', {'A': x}).A"),
    "surrogate": ("str", "x + chr(0xd800)"),
    "nul-character": ("str", "x + chr(0)"),
    "trailing-space": ("str", "x + ' '"),
    "upper": ("str", "x.upper()"),
    # anything
    "repr": ("any", "repr(x)"),
    "equal-to-all": ("any", "Equal()"),
    "equal-to-value": ("any", "EqualToValue(x)"),
    "boxed": ("any", "Boxed(x)"),
    "its-type": ("any", "type(x)"),
    "a-function": ("any", "lambda: x"),
    "a-module": ("any", "sys"),
    "an-exception": ("any", "ValueError(x)"),
    "a-coroutine": ("any", "asyncio.sleep(0, x)"),
    "not-implemented": ("any", "NotImplemented"),
    "ellipsis": ("any", "..."),
    "cyclic-list": ("any", "cyclic()"),
    "deep-list": ("any", "nested(100_000)"),
    "million-zeros": ("any", "[0] * 1_000_000"),
    "none": ("any", "None"),
    "partial": ("any", "functools.partial(int, x)"),
    "date": ("any", "datetime.date(2024, 1, 1)"),
    "file": ("any", "io.StringIO('x')"),
    "through-eval": ("any", "eval(repr(x))"),
    "deep-copy": ("any", "__import__('copy').deepcopy(x)"),
}

WRAPPER = """{gold}

{imports}
_gold_answer = {entry}
def {entry}(*args, **kwargs):
    x = _gold_answer(*args, **kwargs)
    return {expression}
"""


def dressed(gold: str, entry: str, name: str) -> str:
    """The gold program, its results in the clothes of VALUES[name]."""
    return WRAPPER.format(gold=gold, imports=IMPORTS, entry=entry, expression=VALUES[name][1])
