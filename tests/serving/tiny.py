"""Models of random weights, made on the spot: `python tiny.py gguf FILE` or `python tiny.py qwen3 FOLDER`.

Run by the Python of scripts/engines: it has what they are made with.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
CONTEXT = 4096


def gguf_file(path: Path) -> None:
    """A llama of two layers whose tokens are bytes, in 440 kB."""
    import gguf
    import numpy as np

    hidden, layers, heads, kv, inner = 64, 2, 4, 2, 128
    letters = byte_letters()
    tokens = [*letters, "th", "in", *SPECIAL]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(hidden // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(0)  # all of 32 bits
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - 3) + [gguf.TokenType.CONTROL] * 3
    writer.add_token_types(kinds)
    writer.add_token_merges(["t h", "i n"])
    writer.add_bos_token_id(len(tokens) - 3)
    writer.add_eos_token_id(len(tokens) - 2)
    writer.add_pad_token_id(len(tokens) - 1)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    random = np.random.default_rng(0)

    def weights(name: str, *shape: int) -> None:
        writer.add_tensor(f"{name}.weight", (random.standard_normal(shape) * 0.05).astype(np.float32))

    def ones(name: str) -> None:
        writer.add_tensor(f"{name}.weight", np.ones(hidden, np.float32))

    width = hidden // heads
    weights("token_embd", len(tokens), hidden)
    weights("output", len(tokens), hidden)
    ones("output_norm")
    for layer in range(layers):
        name = f"blk.{layer}"
        ones(f"{name}.attn_norm")
        ones(f"{name}.ffn_norm")
        weights(f"{name}.attn_q", heads * width, hidden)
        weights(f"{name}.attn_k", kv * width, hidden)
        weights(f"{name}.attn_v", kv * width, hidden)
        weights(f"{name}.attn_output", hidden, heads * width)
        weights(f"{name}.ffn_gate", inner, hidden)
        weights(f"{name}.ffn_up", inner, hidden)
        weights(f"{name}.ffn_down", hidden, inner)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def byte_letters() -> list[str]:
    """A printable letter for each byte, as GPT-2's tokenizer has them."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def qwen3_folder(folder: Path) -> None:
    """A Qwen3 of two layers, with a byte-level tokenizer trained on the standard library's own source."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    made: Any = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    sources = sorted(Path(os.__file__).parent.glob("*.py"))[:10]
    trainer = trainers.BpeTrainer(
        vocab_size=1024,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator((source.read_text(errors="ignore") for source in sources), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, eos_token=SPECIAL[1], pad_token=SPECIAL[2])
    tokenizer.chat_template = TEMPLATE
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=1024,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
    )
    tokenizer.save_pretrained(folder)
    Qwen3ForCausalLM(config).save_pretrained(folder)


if __name__ == "__main__":
    {"gguf": gguf_file, "qwen3": qwen3_folder}[sys.argv[1]](Path(sys.argv[2]))
