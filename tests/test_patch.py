"""Patches: whatever files hold and are called, the patch says all of it, to us and to git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evalkit.patch import apply_patch, make_patch, patchable
from evalkit.workspace import File, Tree

NAMES = (
    "plain.py",
    "src/deep/er/file",
    "with space",
    "new\nline",
    'quo"te',
    "back\\slash",
    "tab\there",
    "ünï-\N{SNOWMAN}",
    "not utf-8 \udcff\udcfe",
    "-rf",
    "*",
    "\x1b[31mred",
    ".gitattributes",
    "a/.gitignore",
    "git~1",
    "x" * 200,
)
CONTENTS = (
    b"",
    b"no last newline",
    b"a\nb\nc\n",
    b"crlf\r\nmixed\nlast\r\n",
    b"\xff\xfe latin \xe9\n",
    b"\0binary\n\xff",
    b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n",
    b"\x0c form feed \x1b[2J \x85\n",
    b"* -diff -text\n",
)
BEFORE = Tree(
    {name: File(CONTENTS[n % len(CONTENTS)], n % 3 == 0) for n, name in enumerate(NAMES)}
    | {"link": File(link="plain.py"), "gone": File(b"x\n"), "turns": File(b"file\n"), "dir/a": File(b"1")}
)
AFTER = Tree(
    {name: File(CONTENTS[(n + 3) % len(CONTENTS)], n % 2 == 0) for n, name in enumerate(NAMES)}
    | {
        "link": File(link="/etc/passwd"),
        "turns": File(link="../\udcff\n"),
        "dir": File(b"a file now", executable=True),
        "new/empty": File(),
        "gone/inside": File(b"now a folder"),
    }
)


def test_there_and_back() -> None:
    for one, other in ((BEFORE, AFTER), (AFTER, BEFORE), (Tree(), AFTER), (BEFORE, Tree())):
        patch = make_patch(one, other)
        assert apply_patch(one, patch).files == other.files
        assert patch == make_patch(one, other)
    assert make_patch(BEFORE, BEFORE) == ""
    assert apply_patch(BEFORE, " \n") is BEFORE
    odd = Tree(BEFORE.files, {"fifo": "a pipe"})
    assert apply_patch(odd, make_patch(odd, AFTER)).left_out == {"fifo": "a pipe"}


def test_git_applies_it_in_a_checkout(tmp_path: Path) -> None:
    def on_disk(tree: Tree, folder: Path) -> None:
        for name, file in tree.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.link is not None:
                path.symlink_to(file.link)
            else:
                path.write_bytes(file.data)
                path.chmod(0o755 if file.executable else 0o644)

    def from_disk(folder: Path) -> dict[str, File]:
        found = {}
        for path in folder.rglob("*"):
            name = str(path.relative_to(folder))
            if path.is_symlink():
                found[name] = File(link=os.readlink(path))  # noqa: PTH115
            elif path.is_file():
                found[name] = File(path.read_bytes(), os.access(path, os.X_OK))
        return found

    # git itself refuses a name that Windows takes for .git
    before, after = (Tree({k: v for k, v in t.files.items() if k != "git~1"}) for t in (BEFORE, AFTER))
    on_disk(before, tmp_path)
    patch = make_patch(before, after).encode("utf-8", "surrogateescape")
    subprocess.run(["git", "apply", "--whitespace=nowarn"], input=patch, cwd=tmp_path, check=True)
    assert from_disk(tmp_path) == after.files


names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(lambda s: not patchable(s))
trees = st.dictionaries(names, st.builds(File, st.binary(max_size=60), st.booleans()), max_size=4)


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(trees, trees)
def test_any_files(before: dict[str, File], after: dict[str, File]) -> None:
    def clash(files: dict[str, File]) -> bool:
        return any(other.startswith(name + "/") for name in files for other in files)

    if not clash(before) and not clash(after):
        assert apply_patch(Tree(before), make_patch(Tree(before), Tree(after))).files == after


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a/./b", "", ".git/config", "sub/.GIT/hooks/x", "a\0b"]
)
def test_names_that_no_patch_holds(name: str) -> None:
    with pytest.raises(ValueError, match="no patch can hold"):
        make_patch(Tree(), Tree({name: File(b"x")}))


def hostile(name: str, mode: str = "100644") -> str:
    head = f"diff --git a/{name} b/{name}\nnew file mode {mode}\n"
    return f"{head}--- /dev/null\n+++ b/{name}\n@@ -0,0 +1 @@\n+x\n"


@pytest.mark.parametrize(
    "patch",
    [
        "nonsense",
        hostile("../escape"),
        hostile("/etc/escape"),
        hostile(".git/config"),
        hostile("link/through"),  # a link of `before`
        hostile("plain.py"),  # is there already
        hostile("module", "160000"),
        "diff --git a/gone b/gone\n--- a/gone\n+++ b/gone\n@@ -1 +1 @@\n-other\n+x\n",
        "diff --git a/b b/b\nnew file mode 100644\nindex 0000000000000000000000000000000000000000..1\n"
        "GIT binary patch\nliteral 99999999999\nzcmZQ\n\n",
    ],
)
def test_patches_that_do_not_apply(patch: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        apply_patch(BEFORE, patch)


def test_no_configuration_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".gitconfig").write_text(
        "[diff]\nnoprefix = true\nexternal = /bin/false\nmnemonicPrefix = true\n[core]\nautocrlf = true\n"
    )
    plain = make_patch(BEFORE, AFTER)
    for name, value in {
        "HOME": str(tmp_path),
        "GIT_DIR": "/nowhere",
        "GIT_EXTERNAL_DIFF": "/bin/false",
        "GIT_DIFF_OPTS": "-u0",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "diff.noprefix",
        "GIT_CONFIG_VALUE_0": "true",
    }.items():
        monkeypatch.setenv(name, value)
    assert make_patch(BEFORE, AFTER) == plain
