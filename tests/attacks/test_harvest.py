"""What is taken out of a workspace: the red-team corpus's cases of harvest, through real containers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalkit.patch import apply_patch, make_patch
from evalkit.sandbox import open_workspace_sandbox
from evalkit.workspace import NotAFile, Tree, WorkspaceSpec
from tests import workspace_image as images
from tests.attacks.test_redteam import Attack, attacks, nothing_left, text, without

pytestmark = pytest.mark.docker
CANARY = b"a canary of the harness's side"


@pytest.fixture(scope="module")
def image(docker_engine: Any) -> Iterator[str]:
    with images.made(docker_engine, python=True) as image_id:
        yield image_id


def listing(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@without
@pytest.mark.parametrize("attack", attacks("harvest"), ids=lambda attack: attack.id)
async def test_harvest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, docker_engine: Any, image: str, attack: Attack
) -> None:
    """No answer that is not the workspace's own, no byte of this side in it, nothing written on this side."""
    secret = tmp_path / "host" / "secret.txt"
    secret.parent.mkdir()
    secret.write_bytes(CANARY)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = listing(tmp_path)
    script = text(attack.payload["agent"]).replace("/host/secret.txt", str(secret))
    sandbox = await open_workspace_sandbox(run_label="harvest")
    try:
        workspace = await sandbox.open(WorkspaceSpec(image))
        start = await workspace.tree()
        done = await workspace.run(["sh", "-c", script], timeout_s=60)
        assert done.status == 0, done
        with pytest.raises(NotAFile) as failed:
            await workspace.read("answer.txt")
        tree = await workspace.tree()
        patch = make_patch(start, tree)
        archive = await workspace.read("out.tar") if "out.tar" in tree.files else b""
    finally:
        await sandbox.close()
    assert start == Tree()
    assert tree.files
    assert apply_patch(start, patch).files == tree.files
    assert not [name for name in tree.files if ".." in name or name.startswith("/")]
    harvested = [
        *(file.data for file in tree.files.values()),
        archive,
        patch.encode(),
        str(failed.value).encode(),
    ]
    assert CANARY not in b"".join(harvested)
    if attack.also.get("host_clean") or attack.also.get("canary_absent"):
        assert listing(tmp_path) == before
    assert attack.expect == ["fail"]
    nothing_left(docker_engine)
