"""What an engine's last lines mean: why a server did not start, or died."""

from __future__ import annotations

import re
from dataclasses import dataclass

PORT_TAKEN = "its port is taken"
LINES = 40  # of its log are shown
LINE = 400  # characters of the one that says why


@dataclass(frozen=True)
class Diagnosis:
    """`why` in a few words, `hint` the way out; both "" where the log is not understood."""

    why: str = ""
    hint: str = ""


# What engines print, in the order in which it is looked for: the first that matches is the cause. From the
# engines' own code and from threads: docs/local-models.md.
SIGNS: tuple[tuple[str, Diagnosis], ...] = (
    (
        r"out of memory|less than desired gpu memory utilization|outofmemoryerror|cudaMalloc failed"
        r"|no available memory for the cache blocks|larger than the maximum number of tokens",
        Diagnosis(
            "the GPU's memory does not suffice",
            "a smaller --context or --gpu-memory, quantised weights, or more GPUs: --tensor-parallel N",
        ),
    ),
    (
        r"less than requested memory for kv",
        Diagnosis("the memory does not suffice for its cache", "VLLM_CPU_KVCACHE_SPACE says how many GiB"),
    ),
    (
        r"address already in use|errno 98|couldn't bind|bind\(\).*failed",
        Diagnosis(PORT_TAKEN, "leave out --port, or name a free one"),
    ),
    (
        r"gated repo|access to model .* is restricted|401 client error|403 client error",
        Diagnosis("the hub does not give out the model", "accept its licence there, and set HF_TOKEN"),
    ),
    (
        r"failed to infer device type|no cuda gpus are available|no cuda-capable device|nvidia driver"
        r"|cuda driver version is insufficient",
        Diagnosis("it finds no GPU that it can use", "`nvidia-smi` says what there is"),
    ),
    (
        r"failed to read header|invalid magic|unsupported gguf version|safetensors_rust.safetensorerror",
        Diagnosis("the model's files are damaged, or of another format", "fetch or convert it again"),
    ),
    (
        r"is not a local folder and is not a valid model identifier|repository not found|404 client error"
        r"|no such file or directory.*\.gguf|failed to load model|does not appear to have a file named"
        r"|cannot find the requested files in the local cache|couldn't find them in the cached files",
        Diagnosis("it does not find the model", "give a folder, a file, or an id of the hub"),
    ),
    (
        r"invalid (tool call|reasoning) parser|(tool|reasoning) parser '[^']*' not found"
        r"|argument --(tool-call|reasoning)-parser: invalid choice",
        Diagnosis(
            "it has no parser of that name", "its log lists them: --tool-call-parser, --reasoning-parser"
        ),
    ),
    (
        r"unknown quantization method|argument --quantization: invalid choice",
        Diagnosis("it knows no such quantisation", "its log lists them: --quantization"),
    ),
    (
        r"is greater than the derived (max_model_len|context_length)",
        Diagnosis("the model was not made for so long a context", "a smaller --context, or none"),
    ),
    (
        r"unrecognized arguments|no such option|invalid argument|unknown argument",
        Diagnosis("it does not know an argument", "another version of the engine has others: --server-arg"),
    ),
    (
        r"sigill|illegal instruction|modulenotfounderror|importerror|undefined symbol|no module named",
        Diagnosis("its installation is broken, or was made for another machine", "install it again"),
    ),
)


ERROR = r"\b[A-Z]\w*(Error|Exception): \S"


def diagnose(log: str) -> Diagnosis:
    """By the first of the signs that the text shows."""
    return next((found for pattern, found in SIGNS if re.search(pattern, log, re.I)), Diagnosis())


def cause_in(log: str) -> str:
    """The line that shows the sign, else the first error: vLLM's last lines say only that its parts died. ""
    where there is none, or it is among the last lines anyway."""
    found = next((m for pattern, _ in SIGNS if (m := re.search(pattern, log, re.I))), re.search(ERROR, log))
    if found is None:
        return ""
    start = log.rfind("\n", 0, found.start()) + 1
    line = log[start:].partition("\n")[0].strip()[:LINE]
    return "" if line in end_of(log) else line


def end_of(log: str, lines: int = LINES) -> str:
    return "\n".join(log.rstrip().splitlines()[-lines:])
