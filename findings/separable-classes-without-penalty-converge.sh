#!/usr/bin/env bash
# scikit-learn: logistic regression without a penalty on separable classes, which has
# no best weight, reports that it has converged.
#
# Versions: scikit-learn==1.9.1, numpy==2.4.6.
# Guess: the weight grows until max_iter is reached, and ConvergenceWarning is raised.
# Seen: no warning, 12 of 100 iterations, weight 17.7; with tol=1e-10 it is above 30,
# and again nothing is said: the answer is the tolerance's.
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
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

weights = {}
with warnings.catch_warnings():
    warnings.simplefilter("error")
    for tol in (1e-4, 1e-10):
        model = LogisticRegression(C=np.inf, tol=tol).fit([[0.0], [1.0]], [0, 1])
        weights[tol] = model.coef_[0, 0]
        print("tol", tol, "weight", weights[tol], "iterations", model.n_iter_[0])
        assert model.n_iter_[0] < 100
assert 15 < weights[1e-4] < 20
assert weights[1e-10] > 1.5 * weights[1e-4]
END
