"""`evalkit tools`: environments that come and go whole, and one clear error where they cannot come."""

from __future__ import annotations

import io
import json
import stat
import subprocess
import tarfile
import tomllib
from base64 import b64decode
from pathlib import Path

import pytest

from evalkit.errors import EvalkitError, UsageError
from evalkit.tools import bundle, installed, python_of, tool_names, tool_package
from tests.cli.conftest import Evalkit, called, evalkit

__all__ = ["called", "evalkit"]  # the fixtures


def test_every_package_is_pinned_with_all_that_it_needs() -> None:
    for name in tool_names():
        package = tool_package(name)
        if package.kind == "bundle":
            wanted = tomllib.loads(package.pins.read_text())["package"]
            assert any(each["version"] == package.version for each in wanted)
            assert all(len(b64decode(each["sha512"])) == 64 for each in wanted)
            continue
        if package.kind == "debian":  # of one release; apt checks signatures
            wanted = tomllib.loads(package.pins.read_text())
            assert wanted["packages"]
            assert wanted["keep"]
            assert all(each["path"].startswith("usr/") for each in wanted["program"])
            continue
        if package.kind == "verifier":
            wanted = tomllib.loads(package.pins.read_text())
            assert wanted["packages"]
            assert all("==" in each for each in wanted["wheels"])
            continue
        lines = package.pins.read_text().splitlines()
        pins = [line for line in lines if not line.startswith("#")]
        assert package.requirement in pins
        assert all(line.count("==") == 1 and "/" not in line for line in pins)  # names and versions only
        assert len(pins) > 50


def test_what_is_not_installed_says_how_it_gets_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("EVALKIT_CACHE", str(tmp_path))
    assert installed("mini-swe-agent") is None
    with pytest.raises(UsageError, match="is not installed") as caught:
        python_of("mini-swe-agent")
    assert caught.value.hint == "evalkit tools install mini-swe-agent"


def test_without_a_network_it_says_so_and_nothing_counts_as_installed(
    called: Evalkit, tmp_path: Path
) -> None:
    nowhere = {"EVALKIT_CACHE": str(tmp_path / "cache"), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}
    done = called("tools", "install", "mini-swe-agent", **nowhere)
    done.refused(1, "cannot install mini-swe-agent==", "ERROR: ", "PIP_FIND_LINKS=FOLDER")

    rows = map(json.loads, called("tools", "list", "--json", **nowhere).stdout.splitlines())
    assert {row["name"]: row["folder"] for row in rows} == dict.fromkeys(tool_names())

    # what was left of it goes, too
    assert called("tools", "remove", "mini-swe-agent", **nowhere).stdout.startswith("removed ")
    assert [p.name for p in (tmp_path / "cache" / "tools").iterdir() if p.is_dir()] == []
    assert "is not installed" in called("tools", "remove", "mini-swe-agent", **nowhere).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("install",), ("install what?", "mini-swe-agent")),
        (("install", "mini-swe-agnt"), ("no tool 'mini-swe-agnt'", "did you mean mini-swe-agent?")),
        (("instal", "swebench"), ("did you mean install",)),
        (("list", "swebench"), ("unexpected argument 'swebench'",)),
    ],
)
def test_bad_words_are_named(called: Evalkit, words: tuple[str, ...], said: tuple[str, ...]) -> None:
    called("tools", *words).refused(2, *said)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("mini-swe-agent", "import minisweagent as m; print(m.__version__)"),
        ("swebench", "from importlib.metadata import version as v; import swebench; print(v('swebench'))"),
    ],
)
def test_installed_ones_run_at_their_version(evalkit: Evalkit, tmp_path: Path, name: str, code: str) -> None:
    cache = {"EVALKIT_CACHE": str(tmp_path / "cache")}
    assert evalkit("tools", "install", name, **cache).stdout.startswith(tool_package(name).requirement)
    rows = map(json.loads, evalkit("tools", "list", "--json", **cache).stdout.splitlines())
    row = next(row for row in rows if row["name"] == name)
    assert row["size"] > 10_000_000
    quiet = {"MSWEA_SILENT_STARTUP": "1", "MSWEA_GLOBAL_CONFIG_DIR": str(tmp_path / "config")}
    python = Path(row["folder"], "bin", "python")
    done = subprocess.run([python, "-c", code], env=quiet, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == tool_package(name).version

    again = evalkit("tools", "install", name, **cache)  # it is there: nothing is done
    assert again.stderr == ""


def test_a_bundle_holds_plain_files_of_the_package_that_is_pinned_and_no_others(tmp_path: Path) -> None:
    archive = tmp_path / "made.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in {
            "package/bin/program": b"\x7fELF...",
            "package/readme.md": b"read",
            "package/../../outside": b"evil",
            "elsewhere/file": b"stray",
        }.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o600
            tar.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("package/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    bundle.extract(archive, tmp_path / "all", ())
    bundle.extract(archive, tmp_path / "some", ("readme.md",))
    found = [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*")) if p.is_file()]
    assert found == ["all/bin/program", "all/readme.md", "made.tgz", "some/readme.md"]
    for path in (tmp_path / "all").rglob("*"):
        bundle.for_everybody(path)
    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "all").rglob("*")}
    assert modes == {"bin": 0o755, "program": 0o755, "readme.md": 0o644}
    with pytest.raises(EvalkitError, match=r"a@1 is not the package that is pinned"):
        bundle.check("a@1", archive, "0" * 88)
