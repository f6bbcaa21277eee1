#!/usr/bin/env bash
# safetensors: a file does not keep the order in which tensors were given; it orders
# them by the size of their type, then by name.
#
# Versions: safetensors==0.8.0, numpy==2.4.6.
# Guess: the dictionary comes back in the order in which it was saved (or, by the
# alphabet).
# Seen: saved as b (float32), a (float16), c (int64), d (float32), the file gives c,
# b, d, a.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    safetensors==0.8.0 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import numpy as np
from safetensors.numpy import load_file, save_file

kinds = {"b": np.float32, "a": np.float16, "c": np.int64, "d": np.float32}
save_file({name: np.ones(2, kind) for name, kind in kinds.items()}, "x.safetensors")
print(list(load_file("x.safetensors")))
assert list(load_file("x.safetensors")) == ["c", "b", "d", "a"]
END
