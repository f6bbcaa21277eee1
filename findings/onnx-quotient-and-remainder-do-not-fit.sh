#!/usr/bin/env bash
# ONNX: integer Div and Mod do not belong together: divisor times quotient plus
# remainder is not the number.
#
# Versions: onnx==1.23.2, onnxruntime==1.32.0, numpy==2.4.6.
# Guess: a = b * Div(a, b) + Mod(a, b), as in Python, C and NumPy.
# Seen: for -7 and 2, Div gives -3 (towards zero) and Mod 1 (with the divisor's sign):
# -5. The same in onnxruntime and in ONNX's reference. Mod with fmod=1 fits.
# Exits with 0 while that is so, and with 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    onnx==1.23.2 \
    onnxruntime==1.32.0 \
    numpy==2.4.6
cd "$folder"
venv/bin/python - <<'END'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper, reference

nodes = [
    helper.make_node("Div", ["a", "b"], ["quotient"]),
    helper.make_node("Mod", ["a", "b"], ["remainder"]),
    helper.make_node("Mod", ["a", "b"], ["fmod"], fmod=1),
]
ints = [
    helper.make_tensor_value_info(name, TensorProto.INT64, [2])
    for name in ("a", "b", "quotient", "remainder", "fmod")
]
graph = helper.make_graph(nodes, "g", ints[:2], ints[2:])
opsets = [helper.make_opsetid("", 20)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
feed = {"a": np.array([-7, 7]), "b": np.array([2, -2])}
for run in (
    onnxruntime.InferenceSession(model.SerializeToString()).run,
    reference.ReferenceEvaluator(model).run,
):
    quotient, remainder, fmod = run(None, feed)
    back = feed["b"] * quotient + remainder
    print(quotient, remainder, "->", back, "with fmod=1:", feed["b"] * quotient + fmod)
    assert back.tolist() == [-5, 5]
    assert (feed["b"] * quotient + fmod).tolist() == [-7, 7]
END
