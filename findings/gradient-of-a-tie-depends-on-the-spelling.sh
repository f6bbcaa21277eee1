#!/usr/bin/env bash
# torch: ways to take the largest number that agree in the value disagree in the
# gradient where two numbers are equal.
#
# Versions: torch==2.14.1, numpy==2.4.6.
# Guess: one convention for all: the first of the equal ones, or half to each.
# Seen: for [1, 1, 0] max() and amax() give each half, max(dim=0), topk, sort and max-
# pooling all to the first, cummax and kthvalue all to the second.
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

ways = {
    "max()": lambda x: x.max(),
    "amax()": lambda x: x.amax(),
    "max(dim=0)": lambda x: x.max(dim=0).values,
    "topk(1)": lambda x: x.topk(1).values[0],
    "max_pool1d": lambda x: torch.nn.functional.max_pool1d(x[None], 3)[0, 0],
    "cummax": lambda x: x.cummax(dim=0).values[-1],
    "kthvalue(3)": lambda x: x.kthvalue(3).values,
}
found = {}
for name, largest in ways.items():
    x = torch.tensor([1.0, 1.0, 0.0], requires_grad=True)
    y = largest(x)
    y.backward()
    found[name] = x.grad.tolist()
    print(f"{name:12} value {y.item()} gradient {found[name]}")
half, first, second = [0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
assert found["max()"] == found["amax()"] == half
assert found["max(dim=0)"] == found["topk(1)"] == found["max_pool1d"] == first
assert found["cummax"] == found["kthvalue(3)"] == second
END
