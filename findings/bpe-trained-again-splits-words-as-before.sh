#!/usr/bin/env bash
# tokenizers: a BPE tokenizer that is trained a second time goes on splitting the
# words that it has already met by its first training.
#
# Versions: tokenizers==0.23.3.
# Guess: training replaces the vocabulary, so every text is split by the new merges.
# Seen: words encoded before the second training keep the old pieces, with the old
# ids; a word met for the first time gets the new ones, and a copy through JSON gets
# all of them right.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    tokenizers==0.23.3
cd "$folder"
venv/bin/python - <<'END'
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

texts = ["low lower lowest new newer newest"] * 5
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()


def train(size):
    trainer = trainers.BpeTrainer(vocab_size=size, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)


train(12)
first = tokenizer.encode("lowest newest").tokens
train(40)
again = tokenizer.encode("lowest newest lower").tokens
copied = Tokenizer.from_str(tokenizer.to_str()).encode("lowest newest lower").tokens
print(first, again, copied, sep="\n")
assert first == ["lo", "we", "st", "ne", "we", "st"]
assert again == [*first, "lower"]
assert copied == ["lowest", "newest", "lower"]
END
