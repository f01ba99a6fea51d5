"""Models that are served on this machine: by a server that evalkit starts, or by one that runs here already.

docs/local-models.md. `open_served` is the way in; nothing is started before a call has to be made.

asked.py      what a user asks for, and what the catalog adds: evalkit.servers' Wanted
host.py       one server for all runs of a command that ask the same model
model.py      such a server as a model
honest.py     whether a prompt was read whole, and whether the server does as it is asked
pressure.py   how many calls its cache holds at once
connect.py    Ollama and LM Studio, which people start themselves
inprocess.py  transformers in this process, for tiny models and bare completion
"""

from evalkit.servers.preflight import looks_local
from evalkit.serving.asked import How
from evalkit.serving.host import stop_all
from evalkit.serving.opening import SERVED, STARTED, open_served

__all__ = ["SERVED", "STARTED", "How", "looks_local", "open_served", "stop_all"]
