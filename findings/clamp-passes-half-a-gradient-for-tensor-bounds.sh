#!/usr/bin/env bash
# torch: at its bound, clamp with numbers passes no gradient, and clamp with tensors
# of the same numbers passes half.
#
# Versions: torch==2.14.1, numpy==2.4.6.
# Guess: the same function has the same gradient, however its bounds are given.
# Seen: clamp(x, 0.0, 1.0) at x = 0 and x = 1: gradient 0; clamp(x, tensor(0.0),
# tensor(1.0)): 0.5.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.14.1 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import torch

found = {}
for name, bounds in {
    "numbers": (0.0, 1.0),
    "tensors": (torch.tensor(0.0), torch.tensor(1.0)),
}.items():
    x = torch.tensor([0.0, 0.5, 1.0], requires_grad=True)
    torch.clamp(x, *bounds).sum().backward()
    found[name] = x.grad.tolist()
    print(name, found[name])
assert found["numbers"] == [0.0, 1.0, 0.0]
assert found["tensors"] == [0.5, 1.0, 0.5]
END
