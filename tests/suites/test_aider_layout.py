"""The exercises of our own and those by template are read as the real ones are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from evalkit_suites import aider_polyglot
from evalkit_suites.aider_polyglot.exercises import Exercise, exercise_of
from evalkit_suites.aider_polyglot.suite import Options, Suite

from evalkit.data import load_data
from evalkit.registry import read_info

from .aider_stories import OWN, Teller, own_stories, variant_stories, write_set


def exercises(folder: Path) -> dict[str, Exercise]:
    suite = Suite(read_info(Path(aider_polyglot.__path__[0])), Options())
    return {task.id: exercise_of(task) for task in suite.tasks(load_data(suite, folder).records)}


def test_our_own_set_has_two_of_each_language_and_the_layouts_oddities() -> None:
    own = exercises(OWN)
    languages = ("cpp", "go", "java", "javascript", "python", "rust")
    assert Counter(one.language for one in own.values()) == dict.fromkeys(languages, 2)
    assert own["cpp/bead-string"].editable == ("bead_string.cpp", "bead_string.h")
    assert own["cpp/ferry-queue"].editable == ("ferry_queue.h",)
    assert own["rust/knot-count"].editable == ("src/lib.rs",)
    assert own["go/lift-stops"].editor_files == ("cases_test.go",)
    assert len(own["python/tide-table"].docs) == 3
    for one in own.values():
        assert set(one.editable) <= set(one.reference), one.id
        assert all(one.reference[path] != one.start.files[path] for path in one.editable), one.id
        assert not any(path.startswith(".meta") for path in one.start.files), one.id


def test_thirty_exercises_have_a_story_each_in_words_of_their_own(tmp_path: Path) -> None:
    variants = write_set(tmp_path)
    found, teller = exercises(tmp_path), Teller("whole")
    stories = own_stories(teller) + variant_stories(teller, variants)
    assert sorted(story.task for story in stories) == sorted(found)
    assert len(found) == 30
    for story in stories:
        assert [one.id for one in found.values() if story.said in one.instructions] == [story.task]
    for name, variant in variants.items():
        texts = {path: file.data.decode() for path, file in found[name].reference.items()}
        assert texts == variant.right, "a reference with an editable file's own name stands for it"
