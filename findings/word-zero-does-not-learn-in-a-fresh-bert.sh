#!/usr/bin/env bash
# transformers: in a BERT whose vocabulary was made by hand, the word with id 0 gets
# no gradient in the table of words.
#
# Versions: torch==2.14.1, transformers==5.23.0, numpy==2.4.6.
# Guess: padding is what the attention mask hides; without a mask all words learn.
# Seen: the default pad_token_id is 0 and becomes the table's padding_idx: the
# gradient of row 0 is exactly 0, wherever the word stands, and those of the others
# are not.
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
model = BertModel(
    BertConfig(
        vocab_size=4,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
    )
)
states = model(torch.tensor([[0, 1, 2, 3]])).last_hidden_state
(states * torch.randn(states.shape)).sum().backward()
lengths = model.embeddings.word_embeddings.weight.grad.norm(dim=1)
print("gradient of each word:", [round(n, 4) for n in lengths.tolist()])
assert lengths[0] == 0
assert (lengths[1:] > 0).all()
END
