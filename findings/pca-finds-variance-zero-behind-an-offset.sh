#!/usr/bin/env bash
# scikit-learn: by default PCA loses small directions of data that stand far from
# zero: their variance is exactly 0.
#
# Versions: scikit-learn==1.9.1, numpy==2.4.6.
# Guess: PCA subtracts the mean, so an offset makes no difference in float64.
# Seen: 20 directions with deviations from 1 down to 1e-6, all shifted by 1,000: the
# solver that is chosen finds 0.0 for the last two, 2e-6 and 1e-6; svd_solver='full'
# finds all within 5%.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    scikit-learn==1.9.1 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import numpy as np
from sklearn.decomposition import PCA

draw = np.random.default_rng(0)
size = np.logspace(0, -6, 20)
turn = np.linalg.qr(draw.normal(size=(20, 20)))[0]
x = 1e3 + draw.normal(size=(2000, 20)) * size @ turn
found = {}
for solver in ("auto", "full"):
    pca = PCA(svd_solver=solver).fit(x)
    found[solver] = pca.explained_variance_
    print(solver, pca._fit_svd_solver, "zeros:", int((found[solver] == 0).sum()))
    print("    last deviations:", np.sqrt(found[solver][-4:]))
assert (found["auto"] == 0).sum() >= 1
assert np.allclose(np.sqrt(found["full"]), size, rtol=0.1)
END
