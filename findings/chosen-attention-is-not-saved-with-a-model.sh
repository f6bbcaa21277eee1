#!/usr/bin/env bash
# transformers: which attention a model was built with is not in its saved
# configuration, so a saved model answers otherwise when opened.
#
# Versions: torch==2.14.1, transformers==5.23.0, numpy==2.4.6.
# Guess: save_pretrained and from_pretrained give the same model, to the last bit.
# Seen: a model built with 'eager' opens with 'sdpa'; its answers differ by about 1e-7
# to 1e-5, and not at all once 'eager' is named again.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.14.1 \
    transformers==5.23.0 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import torch
from transformers import BertConfig, BertModel

torch.manual_seed(0)
config = BertConfig(
    vocab_size=100,
    hidden_size=64,
    num_hidden_layers=4,
    num_attention_heads=4,
    intermediate_size=128,
    attn_implementation="eager",
)
model = BertModel(config).eval()
model.save_pretrained("saved")
ids = torch.arange(60)[None]


def answer(model):
    with torch.no_grad():
        return model.eval()(ids).last_hidden_state


again = BertModel.from_pretrained("saved")
named = BertModel.from_pretrained("saved", attn_implementation="eager")
gap = (answer(again) - answer(model)).abs().max().item()
print("saved with", model.config._attn_implementation)
print("opens with", again.config._attn_implementation, "and differs by", gap)
assert again.config._attn_implementation == "sdpa"
assert gap > 0
assert torch.equal(answer(named), answer(model))
END
