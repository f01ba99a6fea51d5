"""Models: any OpenAI-compatible API, the oracle, the null model, answers from a file. docs/models.md.

`open_model` is the way in; nothing heavy is imported before the first call.
"""

from evalkit.models.catalog import describe_catalog
from evalkit.models.registry import Opening, backend_names, open_model

__all__ = ["Opening", "backend_names", "describe_catalog", "open_model"]
