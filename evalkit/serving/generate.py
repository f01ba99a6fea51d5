"""Batches through a model of transformers: greedy or sampled, ended by stop strings. torch comes in here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evalkit.model import Request, Sampling
from evalkit.models.history import sendable
from evalkit.models.wire import function_of


class Generating:
    """A model with its tokenizer. `context`: tokens that it was made for, None where it does not say."""

    def __init__(self, path: str, device: str, chat_template: str) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        self.tokenizer: Any = AutoTokenizer.from_pretrained(path, padding_side="left")
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token
        if chat_template:
            self.tokenizer.chat_template = Path(chat_template).read_text(encoding="utf-8")
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        model: Any = AutoModelForCausalLM.from_pretrained(path, dtype="auto")
        self.model = model.to(device).eval()
        self.context: int | None = getattr(self.model.config, "max_position_embeddings", None)

    def encode(self, request: Request) -> list[int]:
        """The prompt's tokens: a text as it is, messages by the model's own template."""
        if request.prompt is not None:
            return list(self.tokenizer(request.prompt)["input_ids"])
        if not self.tokenizer.chat_template:
            raise ValueError("the model has no chat template: it completes prompts, and does not chat")
        text = self.tokenizer.apply_chat_template(
            sendable(request.messages),
            tools=[function_of(tool) for tool in request.tools] or None,
            tokenize=False,
            add_generation_prompt=True,
        )
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def generate(self, prompts: list[list[int]], sampling: Sampling, most: int) -> list[tuple[str, int, str]]:
        """For each prompt: the text, its tokens, and "stop" or "length"."""
        import torch

        pad = self.tokenizer.pad_token_id or 0
        width = max(map(len, prompts))
        device = self.model.device
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in prompts], device=device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts], device=device)
        if sampling.seed is not None:
            torch.manual_seed(sampling.seed)
        with torch.inference_mode():
            made = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=most,
                pad_token_id=pad,
                **self._how(sampling),
            )
        return [self._read(row[width:].tolist(), sampling, most) for row in made]

    def _how(self, sampling: Sampling) -> dict[str, Any]:
        """All of the sampling: what is left open is the model's own otherwise."""
        temperature = 1.0 if sampling.temperature is None else sampling.temperature
        how: dict[str, Any] = {
            "do_sample": temperature > 0,
            "repetition_penalty": sampling.repetition_penalty or 1.0,
        }
        if temperature > 0:
            top_p = 1.0 if sampling.top_p is None else sampling.top_p
            how |= {"temperature": temperature, "top_p": top_p, "top_k": max(0, sampling.top_k or 0)}
        if sampling.stop:
            how |= {"stop_strings": list(sampling.stop), "tokenizer": self.tokenizer}
        return how

    def _read(self, tokens: list[int], sampling: Sampling, most: int) -> tuple[str, int, str]:
        """A row without what was generated for others' sake after its end."""
        ends = self.model.generation_config.eos_token_id
        ended = {ends} if isinstance(ends, int) else set(ends or ())
        ended |= {self.tokenizer.eos_token_id} - {None}
        finish = "length" if len(tokens) >= most else "stop"
        for place, token in enumerate(tokens):
            if token in ended:
                tokens, finish = tokens[:place], "stop"
                break
        text = self.tokenizer.decode(tokens, skip_special_tokens=True)
        cuts = [at for stop in sampling.stop if (at := text.find(stop)) >= 0]
        return (text[: min(cuts)], len(tokens), "stop") if cuts else (text, len(tokens), finish)
