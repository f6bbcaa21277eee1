#!/usr/bin/env bash
# gguf: Q8_0 turns a block of small weights into zeros that Q4_0, with half the bits,
# keeps.
#
# Versions: gguf==0.19.0, numpy==2.4.6.
# Guess: more bits, less error, whatever the size of the weights.
# Seen: a block of weights near 3e-6 is all zero in Q8_0 (relative error 1) and is
# kept in Q4_0 (0.10). The step is stored as float16; the largest weight divided by
# 127 is below its smallest number, divided by 8 it is not.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    gguf==0.19.0 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import numpy as np
from gguf import GGMLQuantizationType as Kind
from gguf import quants

weights = np.linspace(1e-6, 3e-6, 32, dtype=np.float32)[None]
error = {}
for kind in (Kind.Q8_0, Kind.Q4_0):
    back = quants.dequantize(quants.quantize(weights, kind), kind)
    error[kind.name] = float(np.abs(back - weights).max() / weights.max())
    print(kind.name, "largest error / largest weight:", round(error[kind.name], 3))
assert error["Q8_0"] == 1.0
assert error["Q4_0"] < 0.2
END
