"""A conversation as one text, in the form that SmolLM2 was trained on (lesson 08)."""

from collections.abc import Sequence

import torch
from torch import Tensor

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def all_messages(messages: Sequence[dict]) -> list[dict]:
    """Return the messages, after the usual system message where there is none."""
    if messages[0]["role"] == "system":
        return [*messages]
    return [{"role": "system", "content": SYSTEM}, *messages]


def chat_text(messages: Sequence[dict]) -> str:
    """Return a conversation as one text that ends where the assistant begins; each
    message has a `role` and a `content`."""
    said = [f"{m['role']}\n{m['content']}" for m in all_messages(messages)]
    turns = [f"<|im_start|>{text}<|im_end|>\n" for text in said]
    return "".join(turns) + "<|im_start|>assistant\n"


def plain_ids(tokenizer, text: str) -> list[int]:
    """Return the ids of a text in which nothing stands for a special token."""
    tokenizer.encode_special_tokens = True  # encode them like any other letters
    try:
        return tokenizer.encode(text).ids
    finally:
        tokenizer.encode_special_tokens = False


def chat_ids(tokenizer, messages: Sequence[dict]) -> Tensor:
    """Return the ids of `chat_text`, (T,). Only the template's own marks are special
    tokens; what a message says is plain text, whatever it is."""
    start, end = map(tokenizer.token_to_id, ("<|im_start|>", "<|im_end|>"))
    ids = []
    for m in all_messages(messages):
        said = plain_ids(tokenizer, f"{m['role']}\n{m['content']}")
        ids += [start, *said, end, *plain_ids(tokenizer, "\n")]
    return torch.tensor([*ids, start, *plain_ids(tokenizer, "assistant\n")])
