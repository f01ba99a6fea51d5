"""The catalog: what is built in, a user's own over it, and mistakes in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evalkit.errors import UsageError
from evalkit.model import Sampling
from evalkit.models.catalog import describe_catalog, load_catalog, user_catalog_path
from evalkit.models.usage import Price

DATED = re.compile(r"\S, \d{4}-\d{2}-\d{2}(?=;|$)")  # a source, and the date of it or of the look-up


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No catalog of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("EVALKIT_MODELS", raising=False)


def test_qwen3_coder_as_its_authors_recommend_it() -> None:
    entry = load_catalog().entries["qwen3-coder"]
    assert entry.display == "Qwen3-Coder-480B-A35B-Instruct"
    assert entry.ids["openrouter"] == "qwen/qwen3-coder"
    assert entry.ids["huggingface"] == "Qwen/Qwen3-Coder-480B-A35B-Instruct"
    assert entry.sampling == Sampling(temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.05)
    assert entry.context == 262144


def test_every_entry_says_where_its_facts_come_from() -> None:
    catalog = load_catalog()
    assert len(catalog.entries) >= 10
    for provider in catalog.providers.values():
        assert DATED.search(provider.source), provider.name
        assert provider.key_env
    for entry in catalog.entries.values():
        assert DATED.search(entry.source), entry.name
        assert bool(entry.sampling != Sampling()) == bool(DATED.search(entry.sampling_source)), entry.name
        assert len(DATED.findall(entry.price_source)) == len(entry.prices), entry.name
        assert set(entry.ids) - {"huggingface"} <= set(catalog.providers)
        assert set(entry.prices) <= set(entry.ids)


def test_what_could_not_be_looked_up_is_unknown() -> None:
    rows = {row["name"]: row for row in describe_catalog()}
    assert rows["minimax-m2.5"]["licence"] is None  # its repository names two
    assert "licence" in rows["minimax-m2.5"]["source"]
    assert rows["devstral-small"]["sampling"] == {}
    assert rows["devstral-small"]["sampling_source"] is None
    assert rows["devstral-small"]["price"] == {}


def test_rows_for_the_command_line_are_plain_json() -> None:
    rows = {row["name"]: row for row in json.loads(json.dumps(describe_catalog()))}
    row = rows["qwen3-coder"]
    assert row["sampling"] == {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05}
    assert "openrouter" in row["price"]
    assert row["catalog"] == "built in"


def test_a_users_entry_wins_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text(
        """
        [models.qwen3-coder]
        id = "mine"
        base_url = "http://box:8000/v1"
        prefill = "continue-final-message"
        inline_think = true
        sampling = { temperature = 0, stop = ["x"], extra_body = { a = 1 } }
        price = { input = 1, output = 2 }
        """
    )
    entries = load_catalog().entries
    mine = entries["qwen3-coder"]
    assert (mine.id, mine.base_url, mine.inline_think) == ("mine", "http://box:8000/v1", True)
    assert mine.sampling == Sampling(temperature=0, stop=("x",), extra_body={"a": 1})
    assert mine.prices == {"": Price(1, 2)}
    assert mine.catalog == "models.toml"
    assert entries["gpt-oss-120b"].catalog == "built in"


def test_where_a_users_catalog_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert user_catalog_path() is None
    config = tmp_path / "config" / "evalkit" / "models.toml"
    config.parent.mkdir(parents=True)
    config.touch()
    assert user_catalog_path() == config
    (tmp_path / "models.toml").touch()
    assert user_catalog_path() == Path("models.toml")
    monkeypatch.setenv("EVALKIT_MODELS", "elsewhere.toml")
    assert user_catalog_path() == Path("elsewhere.toml")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[models.x", "cannot read the catalog", ""),
        ("[model.x]\nid = 'a'", "unknown key 'model'", "did you mean models"),
        ("[models.x]\nid = 'a'\ncontxt = 5", "models.x: unknown key 'contxt'", "did you mean context"),
        ("[models.x]\nid = 5", "models.x: id cannot be 5", ""),
        ("[models.x]\nid = 'a'\ncontext = 'big'", "context cannot be 'big'", ""),
        ("[models.x]\nid = 'a'\ninline_think = 'yes'", "inline_think cannot be 'yes'", ""),
        ("[models.x]\nids = ['a']", "ids cannot be ['a']", ""),
        ("[models.x]\ndisplay = 'a'", "models.x: no id", "base_url"),
        ("[models.x]\nid = 'a'\nprefill = 'echo'", "prefill cannot be 'echo'", "continue-final-message"),
        (
            "[models.x]\nid = 'a'\nsampling = { temperatur = 1 }",
            "models.x.sampling: unknown key",
            "temperature",
        ),
        ("[models.x]\nid = 'a'\nsampling = { temperature = true }", "temperature cannot be True", ""),
        ("[models.x]\nid = 'a'\nprice = { input = 1 }", "models.x.price: output is missing", ""),
        ("[models.x]\nid = 'a'\nprice = { p = { output = 1 } }", "models.x.price.p: input is missing", ""),
        ("models = 5", "models is no table", ""),
        ("[providers.p]\nkey_env = 'K'", "providers.p: base_url is missing", ""),
        ("[providers.p]\nbase_url = 'u'\ndate = 2026-01-01", "providers.p: source and date are texts", ""),
        ("[models.x]\nid = 'a'\nsource = 5", "models.x: source and date are texts", ""),
    ],
)
def test_a_mistake_is_one_line_that_names_it(tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "models.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_catalog()
    assert message in caught.value.message
    assert "models.toml" in caught.value.message
    assert "\n" not in caught.value.message
    assert hint in caught.value.hint


def test_a_catalog_that_is_named_but_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALKIT_MODELS", "nowhere.toml")
    with pytest.raises(UsageError, match=r"nowhere\.toml"):
        load_catalog()
