#!/usr/bin/env bash
# torch: cdist of points with themselves has zeros on its diagonal for 25 points, and
# none for 26.
#
# Versions: torch==2.14.1, numpy==2.4.6.
# Guess: the distance of a point to itself is 0, and does not depend on how many
# others there are.
# Seen: 64 channels around 100: the largest self-distance is 0.0 for 25 points and
# above 0.1 for 26; distances are then taken from squared lengths, whose difference
# float32 cannot hold.
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

largest = {}
for n in (25, 26):
    x = 100 + torch.randn(n, 64, generator=torch.Generator().manual_seed(0))
    largest[n] = torch.cdist(x, x).diagonal().max().item()
    print(n, "points, largest distance of a point to itself:", largest[n])
assert largest[25] == 0
assert largest[26] > 0.1
END
