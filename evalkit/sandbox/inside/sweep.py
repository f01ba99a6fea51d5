"""In a child of a slot's nursery: end whatever a sample left, and remove its files."""

from __future__ import annotations

import os
import signal
import time
from os import chdir, chmod, kill, rmdir, unlink  # the guard of a program takes them from the module

from .slots import Slot


def sweep(slot: Slot) -> None:
    """Every process of the slot's user, and everything in its folder. Never returns.

    Acts as the slot's user, but is another: what is to be ended cannot end or stop it first.
    """
    try:
        os.setresuid(slot.sweeper_uid, slot.uid, slot.sweeper_uid)
        try:
            kill(-1, signal.SIGKILL)  # all but this one, at once: no fork can escape it
            time.sleep(0.001)
        except ProcessLookupError:
            pass
        empty(slot.folder)
    finally:
        os._exit(0)


def empty(folder: str) -> None:
    """Remove all that is in a folder, the working directory, and give it its mode back.

    Step by step: however deep, no path gets too long and nothing recurses.
    """
    chmod(folder, 0o700)
    chdir(folder)
    above: list[tuple[str, list[str]]] = []
    folders = remove_files()
    while folders or above:
        if folders:
            name = folders.pop()
            chmod(name, 0o700)
            chdir(name)
            above.append((name, folders))
            folders = remove_files()
        else:
            chdir("..")
            name, folders = above.pop()
            rmdir(name)


def remove_files() -> list[str]:
    """Remove what is no folder here; the names of the folders."""
    folders = []
    with os.scandir() as found:
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                unlink(entry.name)
    return folders
