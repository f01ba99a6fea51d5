"""The store: a folder a run, SQLite inside; each record is durable before it is used or counted."""

from evalkit.store.crash import crash_point
from evalkit.store.folder import create_run, holds_run, open_run, read_run, repair, verify
from evalkit.store.reader import Reader
from evalkit.store.store import Store, request_digest
from evalkit.store.values import Change, Event, Record, State, Totals

__all__ = [
    "Change",
    "Event",
    "Reader",
    "Record",
    "State",
    "Store",
    "Totals",
    "crash_point",
    "create_run",
    "holds_run",
    "open_run",
    "read_run",
    "repair",
    "request_digest",
    "verify",
]
