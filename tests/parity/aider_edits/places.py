"""Workspaces of our own that replies edit: what is in the chat, what else lies there."""

from __future__ import annotations

from dataclasses import dataclass

PYTHON = '''"""Water levels of a tank."""

LIMIT = 100


class Tank:
    def __init__(self, size):
        self.size = size
        self.level = 0

    def fill(self, amount):
        self.level += amount
        return self.level

    def drain(self, amount):
        self.level -= amount
        return self.level

    def is_full(self):
        pass


def total(tanks):
    result = 0
    for tank in tanks:
        result += tank.level
    return result
'''

PUMP = """from tank import Tank


def pump(tank, times):
    for _ in range(times):
        tank.fill(1)
    return tank.level


def empty(tank):
    pass
"""

HEADER = """#pragma once

namespace tank {

class Tank {
   public:
    explicit Tank(int size);
    int fill(int amount);

   private:
    int size_;
    int level_;
};

}  // namespace tank
"""

CPP = """#include "tank.h"

namespace tank {

Tank::Tank(int size) : size_(size), level_(0) {}

int Tank::fill(int amount) {
    level_ += amount;
    return level_;
}

}  // namespace tank
"""

GO = """package tank

// Tank holds water.
type Tank struct {
\tsize  int
\tlevel int
}

// Fill adds to the level.
func (t *Tank) Fill(amount int) int {
\tt.level += amount
\treturn t.level
}

func (t *Tank) Drain(amount int) int {
\tpanic("not there yet")
}
"""

JAVA = """class Tank {
    private int level = 0;

    int fill(int amount) {
        level += amount;
        return level;
    }

    int drain(int amount) {
        throw new UnsupportedOperationException("not there yet");
    }
}
"""

NOTES = """# Notes

```
an example
```

End of the notes.
"""

REPEATED = "start\n" + "    same\n    line\n\n" * 6 + "end\n"


@dataclass(frozen=True)
class Place:
    """Files by path: those in the chat, and others."""

    name: str
    chat: dict[str, str]
    others: dict[str, str]


PLACES = (
    Place("python", {"tank.py": PYTHON}, {"tank_test.py": "import tank\n", "docs/read.md": "Read.\n"}),
    Place("two", {"tank.h": HEADER, "tank.cpp": CPP}, {"CMakeLists.txt": "project(tank)\n"}),
    Place("pair", {"tank.py": PYTHON, "pump.py": PUMP}, {}),
    Place(
        "java", {"src/main/java/Tank.java": JAVA}, {"build.gradle": "plugins {}\n", "src/test/T.java": "x\n"}
    ),
    Place("go", {"tank.go": GO}, {"go.mod": "module tank\n"}),
    Place(
        "deep",
        {"lib/tank.py": PYTHON, "lib/parts/pump.py": PUMP, "run.py": "import lib\n"},
        {"a/b.txt": "b\n"},
    ),
    Place("crlf", {"tank.py": PYTHON.replace("\n", "\r\n")}, {}),
    Place("open", {"tank.py": PYTHON.rstrip("\n")}, {"other.py": "x = 1"}),
    Place("fenced", {"notes.md": NOTES}, {}),
    Place("empty", {"tank.py": ""}, {}),
    Place("blank", {"tank.py": "\n\n\n"}, {}),
    Place("repeated", {"same.txt": REPEATED}, {}),
    Place("accents", {"tänk.py": PYTHON.replace("level", "höhe")}, {"größe.txt": "ß\n"}),
    Place("odd", {"tank.py": PYTHON.replace("\n\n\n", "\n\f\n").replace("LIMIT", "LI\u2028MIT")}, {}),
)
