"""Planning is arithmetic: orders, sums, budgets and quotas of images that nobody pulls; and --image-map."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.errors import UsageError
from evalkit.sandbox.image_map import map_images, read_image_map
from evalkit.sandbox.pull_disk import PullDisk
from evalkit.sandbox.pull_plan import UNPACKED, Image, Layer, Manifest, Quota, in_order, layers, plan_pulls
from evalkit.sandbox.registry import insecure, parse, quota_of


def image(name: str, *digests: str, size: int = 100, **facts: object) -> Image:
    made = tuple(Layer(digest, size, f"content of {digest}") for digest in digests)
    manifest = Manifest(f"digest of {name}", made) if digests else None
    return Image(name, (f"task {name}",), registry="r", manifest=manifest, **facts)  # type: ignore[arg-type]


def test_images_that_share_layers_are_neighbours() -> None:
    given = [
        image("a1", "base", "a", "1"),
        image("b1", "base", "b", "1b"),
        image("other", "elsewhere"),
        image("a2", "base", "a", "2"),
        image("unknown"),
        image("b2", "base", "b", "2b"),
    ]
    assert [i.reference for i in in_order(given)] == ["a1", "a2", "b1", "b2", "other", "unknown"]


chains = st.lists(st.lists(st.sampled_from("abcd"), max_size=4), max_size=12)


@given(chains)
def test_every_order_keeps_all_images_and_no_branch_apart(drawn: list[list[str]]) -> None:
    images = [image(str(n), *(f"{d}{c}" for d, c in enumerate(chain))) for n, chain in enumerate(drawn)]
    ordered = in_order(images)
    assert sorted(i.reference for i in ordered) == sorted(i.reference for i in images)
    assert ordered == in_order(images)
    digests = [tuple(layer.digest for layer in layers(i)) for i in ordered if i.manifest]
    for prefix in {d[:depth] for d in digests for depth in range(1, len(d) + 1)}:
        places = [n for n, d in enumerate(digests) if d[: len(prefix)] == prefix]
        assert places == list(range(places[0], places[-1] + 1))


def test_layers_count_once_and_what_is_there_not_at_all() -> None:
    plan = plan_pulls(
        [image("a", "base", "env", "a"), image("b", "base", "env", "b"), image("local", "x", here=True)],
        present=frozenset({"content of base", "content of b"}),  # of b, not on what it was made on: no use
    )
    assert plan.pulls == 2
    assert plan.download == 300
    assert plan.all == 300 * UNPACKED
    assert plan.unknown == 0
    assert plan_pulls([image("a")]).unknown == 1


def test_the_peak_is_that_of_the_images_in_use_and_the_next() -> None:
    own = [image(str(n), f"l{n}") for n in range(5)]
    two = 100 * UNPACKED + 100 * UNPACKED + 100  # one at work, the next with its packed layer
    assert plan_pulls(own).peak == two
    assert plan_pulls(own, width=2).peak == two + 100 * UNPACKED
    assert plan_pulls(own, width=99).peak == 5 * 100 * UNPACKED + 100
    shared = [image(str(n), "base", f"l{n}") for n in range(5)]
    assert plan_pulls(shared).peak == two + 100 * UNPACKED


def test_a_budget_says_how_many_and_whose_tasks_cannot_run() -> None:
    images = [image("small", "s"), image("large", "l", size=1000), image("other", "o"), image("third", "t")]
    plan = plan_pulls(images, budget=1000)
    assert plan.too_large == ("large",)
    assert plan.at_once == 3
    assert plan_pulls(images, budget=600).at_once == 2
    assert plan_pulls(images, budget=400).at_once == 1
    assert plan_pulls(images, budget=10).at_once == 0
    assert plan_pulls(images).at_once is None


@given(chains, st.integers(400, 2500))
def test_how_many_fit_is_what_trying_every_window_finds(drawn: list[list[str]], budget: int) -> None:
    images = [image(str(n), *(f"{d}{c}" for d, c in enumerate(chain))) for n, chain in enumerate(drawn)]
    plan = plan_pulls(images, budget=budget)
    fitting = [i for i in plan.images if i.reference not in plan.too_large]

    def fits(window: tuple[Image, ...]) -> bool:
        *before, last = window
        there = {layer for i in before for layer in layers(i)}
        new = set(layers(last)) - there
        return len(there | new) * 100 * UNPACKED + len(new) * 100 <= budget

    sizes = range(1, len(fitting) + 1)
    windows = {size: [tuple(fitting[n : n + size]) for n in range(len(fitting) - size + 1)] for size in sizes}
    most = 0
    while most + 1 in windows and all(map(fits, windows[most + 1])):
        most += 1
    assert plan.at_once == most


def test_quotas_are_held_against_what_is_needed() -> None:
    images = [image(str(n), f"l{n}") for n in range(5)]
    assert plan_pulls(images, quotas={"r": Quota(100, 3, 21600)}).short() == {"r": 2}
    assert plan_pulls(images, quotas={"r": Quota(100, 5, 21600)}).short() == {}
    assert plan_pulls(images, quotas={"r": Quota()}).short() == {}


def test_sizes_are_learnt_from_what_was_pulled() -> None:
    plan = plan_pulls([image("a", "base", "a"), image("b", "base", "b"), image("none")])
    disk = PullDisk(plan)
    assert disk.taken(["a", "b"]) == 300 * UNPACKED
    assert disk.room("b", ["a"]) == 100 * UNPACKED + 100
    disk.learn("a", 1000)
    assert disk.taken(["a"]) == 1000
    disk.learn("b", 1700)
    assert disk.taken(["a", "b"]) == 1000 + 1200
    assert (disk.taken(["none"]), disk.room("none", [])) == (0, 0)
    disk.learn("none", 70)
    disk.learn("never planned", 7)
    assert disk.taken(["none", "never planned"]) == 77


# -- words of registries and engines ---------------------------------------------------------------


def test_references_are_taken_apart_as_the_engine_does() -> None:
    import docker.auth

    assert vars(parse("debian")) == {
        "registry": docker.auth.INDEX_NAME,
        "name": "library/debian",
        "tag": "latest",
    }
    assert parse("someone/x:1").registry == docker.auth.INDEX_NAME
    assert vars(parse("host.example:5000/a/b:1")) == {
        "registry": "host.example:5000",
        "name": "a/b",
        "tag": "1",
    }
    digest = "sha256:" + "0" * 64
    assert parse(f"host.example/a@{digest}").tag == digest
    for wrong in (digest, "0" * 64, "0" * 12, "http://host.example/a"):
        with pytest.raises(ValueError, match=r"id|scheme"):
            parse(wrong)


def test_what_a_registry_says_of_limits() -> None:
    assert quota_of({"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "76;w=21600"}) == Quota(
        100, 76, 21600
    )
    assert quota_of({"ratelimit-remaining": "0", "retry-after": "30"}) == Quota(None, 0, None, 30)
    assert quota_of({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}) == quota_of({}) == Quota()


def test_plain_http_only_where_the_engine_takes_it() -> None:
    config = {
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "IndexConfigs": {"in.example:5000": {"Secure": False}},
    }
    assert all(insecure(host, config) for host in ("127.0.0.1:5000", "localhost:5000", "in.example:5000"))
    assert not any(insecure(host, config) for host in ("10.0.0.1:5000", "in.example", "127.0.0.1.example"))


# -- --image-map -----------------------------------------------------------------------------------


def test_the_map_is_a_table_of_toml_or_json(tmp_path: Path) -> None:
    toml, json = tmp_path / "map.toml", tmp_path / "map.json"
    toml.write_text('"r.example/a:1" = "mine/a"\n"django__*" = "mine/django"\n')
    json.write_text('{"r.example/a:1": "mine/a", "django__*": "mine/django"}')
    assert (
        read_image_map(toml)
        == read_image_map(json)
        == {"r.example/a:1": "mine/a", "django__*": "mine/django"}
    )
    for text in ("[a", "", "a = 1", '[images]\na = "b"', 'a = ""'):
        toml.write_text(text)
        with pytest.raises(UsageError, match=r"--image-map .*map\.toml"):
            read_image_map(toml)
    json.write_text("[]")
    with pytest.raises(UsageError, match="names no image"):
        read_image_map(json)
    with pytest.raises(UsageError, match="nothing"):
        read_image_map(tmp_path / "nothing")


def test_a_task_comes_before_its_image_and_both_before_patterns() -> None:
    images = {"t1": "r/1", "t2": "r/2", "u3": "r/3", "v4": "r/4"}
    table = {"t*": "by pattern", "r/?": "by a later one", "r/2": "by image", "t1": "by task", "gone": "x"}
    mapped, unused = map_images(table, images)
    assert mapped == {"r/1": "by task", "r/2": "by image", "r/3": "by a later one", "r/4": "by a later one"}
    assert unused == ["gone"]
    assert map_images({"t1": "mine"}, images)[0] == {"r/1": "mine"}


def test_tasks_that_share_an_image_cannot_be_given_different_ones() -> None:
    with pytest.raises(UsageError, match="share the image r/1, and are given mine and none") as caught:
        map_images({"a": "mine"}, {"a": "r/1", "b": "r/1"})
    assert "'r/1'" in caught.value.hint
