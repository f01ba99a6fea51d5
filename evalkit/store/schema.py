"""The database of a run: narrow tables say what happened, blobs hold what was said.

Rows are only ever added. Each ends in a checksum over its other columns, and a blob's digest is one
over its contents. Times are Unix milliseconds; `body` is the id of a blob with the exact record as JSON
(codec.py). Columns that repeat a text of a model or of an API are labels, for looking things up: short,
printable, valid UTF-8.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import time
from typing import Any
from zlib import crc32

APPLICATION_ID = 0x45564B54  # "EVKT"
VERSION = 1
PAGE = 4096  # bytes

_USAGE = (
    "prompt_tokens INTEGER, completion_tokens INTEGER, "
    "reasoning_tokens INTEGER, cached_tokens INTEGER, cost REAL"
)
TABLES = {  # besides `id` and `checksum`; where a row completes another, `id` is the other's
    "meta": "key TEXT, value INTEGER",  # manifest, plan: blobs; default_set. The last of a key holds
    "sample": "task_id TEXT, sample INTEGER",
    "rollout": "sample_id INTEGER, try INTEGER, at INTEGER",
    "ending": "sample_id INTEGER, outcome TEXT, reason TEXT, at INTEGER, body INTEGER",  # of rollout `id`
    "event": "rollout_id INTEGER, kind TEXT, at INTEGER, body INTEGER",
    "artifact": "event_id INTEGER, name TEXT, body INTEGER",
    "call": "rollout_id INTEGER, sample_id INTEGER, number INTEGER, role TEXT, request TEXT, "  # event `id`
    f"served_model TEXT, finish_reason TEXT, {_USAGE}, wall_s REAL, first_token_s REAL",
    "attempt": "rollout_id INTEGER, sample_id INTEGER, number INTEGER, role TEXT, "  # event `id`
    f"status INTEGER, error TEXT, {_USAGE}, wall_s REAL, waited_s REAL",
    "verdict_set": "scorer TEXT, version TEXT, options TEXT, at INTEGER, body INTEGER",
    "verdict": "set_id INTEGER, sample_id INTEGER, rollout_id INTEGER, policy TEXT, "
    "outcome TEXT, reason TEXT, suspect TEXT, at INTEGER, body INTEGER",
    "note": "kind TEXT, at INTEGER, body INTEGER",
}
DECIDING = ("meta", "ending", "verdict_set", "verdict")  # what a score is made of

_DEFAULT_SET = "SELECT value FROM meta WHERE key = 'default_set' ORDER BY id DESC LIMIT 1"
SCHEMA = [
    "CREATE TABLE blob (id INTEGER PRIMARY KEY, digest BLOB UNIQUE, data BLOB)",  # SHA-256; zlib
    *(f"CREATE TABLE {t} (id INTEGER PRIMARY KEY, {c}, checksum INTEGER)" for t, c in TABLES.items()),
    "CREATE UNIQUE INDEX sample_key ON sample (task_id, sample)",
    "CREATE INDEX rollout_sample ON rollout (sample_id)",
    "CREATE INDEX ending_sample ON ending (sample_id)",
    "CREATE INDEX event_rollout ON event (rollout_id)",
    "CREATE INDEX artifact_event ON artifact (event_id)",
    "CREATE INDEX call_sample ON call (sample_id, number)",
    "CREATE INDEX attempt_sample ON attempt (sample_id, number)",
    "CREATE INDEX verdict_sample ON verdict (sample_id, set_id, policy)",
    # One row a planned sample: its last ended rollout, and the last verdicts on that in the default set.
    f"""
    CREATE VIEW samples AS SELECT
        sample.id, sample.task_id, sample.sample,
        coalesce(official.outcome, nullif(ending.outcome, 'answered'), 'not_run') AS outcome,
        coalesce(official.reason, nullif(ending.reason, ''), 'interrupted') AS reason,
        official.outcome AS official, strict.outcome AS strict,
        coalesce(nullif(official.suspect, ''), strict.suspect, '') AS suspect,
        ending.id AS rollout_id,
        (SELECT count(*) FROM rollout WHERE sample_id = sample.id) AS tries,
        (SELECT finish_reason FROM call WHERE sample_id = sample.id ORDER BY id DESC LIMIT 1)
            AS finish_reason,
        (SELECT count(*) FROM call WHERE sample_id = sample.id) AS calls,
        (SELECT count(*) FROM attempt WHERE sample_id = sample.id) AS attempts,
        (SELECT sum(prompt_tokens) FROM call WHERE sample_id = sample.id) AS prompt_tokens,
        (SELECT sum(completion_tokens) FROM call WHERE sample_id = sample.id) AS completion_tokens,
        (SELECT sum(reasoning_tokens) FROM call WHERE sample_id = sample.id) AS reasoning_tokens,
        (SELECT sum(cost) FROM call WHERE sample_id = sample.id) AS cost,
        (SELECT sum(wall_s) FROM call WHERE sample_id = sample.id) AS model_s,
        (ending.at - (SELECT at FROM rollout WHERE id = ending.id)) / 1000.0 AS rollout_s
    FROM sample
    LEFT JOIN ending ON ending.id = (SELECT max(id) FROM ending WHERE sample_id = sample.id)
    LEFT JOIN verdict AS official ON official.id = (SELECT max(id) FROM verdict
        WHERE sample_id = sample.id AND set_id = ({_DEFAULT_SET})
        AND policy = 'official' AND rollout_id = ending.id)
    LEFT JOIN verdict AS strict ON strict.id = (SELECT max(id) FROM verdict
        WHERE sample_id = sample.id AND set_id = ({_DEFAULT_SET})
        AND policy = 'strict' AND rollout_id = ending.id)
    """,
]


def now() -> int:
    return int(time() * 1000)


def checksum(row: Sequence[Any]) -> int:
    """The checksum of a row without its last column."""
    return crc32("|".join(map(str, row)).encode())


def label(text: str, limit: int = 200) -> str:
    """A text for a column: what cannot be printed or encoded becomes "?", what is long is cut."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(c if c.isprintable() else "?" for c in cut)
