#!/usr/bin/env bash
# transformers: a saved model that classifies whole texts opens as one that classifies
# each token, with its trained head, which no report mentions.
#
# Versions: torch==2.14.1, transformers==5.23.0, numpy==2.4.6.
# Guess: the head is reported as newly initialised, as for other wrong classes.
# Seen: no weight is missing; the report names the pooler's two as unexpected and says
# that such can be ignored. The head is the saved one, since both are named classifier
# and have one shape.
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
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
)

config = BertConfig(
    vocab_size=50,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    num_labels=3,
)
texts = BertForSequenceClassification(config)
texts.save_pretrained("saved")
tokens, told = BertForTokenClassification.from_pretrained(
    "saved", output_loading_info=True
)
same = torch.equal(tokens.classifier.weight, texts.classifier.weight)
print({name: list(what) for name, what in told.items() if what}, "head kept:", same)
assert same
assert not told["missing_keys"]
END
