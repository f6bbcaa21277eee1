#!/usr/bin/env bash
# onnxruntime: three operators that look for the largest number of a row treat NaN in
# three ways.
#
# Versions: onnx==1.23.2, onnxruntime==1.32.0, numpy==2.4.6.
# Guess: NaN goes through each of them, as in NumPy and in ONNX's own reference.
# Seen: of [1, 3, nan, 2] ReduceMax gives 3, ArgMax position 1, TopK nan; elementwise
# Max with zeros keeps nan. onnx's reference evaluator gives nan, 2, nan, nan.
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

NODES = [
    helper.make_node("ReduceMax", ["x"], ["largest"], keepdims=0),
    helper.make_node("ArgMax", ["x"], ["place"], axis=0, keepdims=0),
    helper.make_node("TopK", ["x", "one"], ["top", "top_place"]),
    helper.make_node("Max", ["x", "zeros"], ["elementwise"]),
]
feed = {
    "x": np.array([1, 3, np.nan, 2], np.float32),
    "one": np.array([1]),
    "zeros": np.zeros(4, np.float32),
}
kinds = {"one": TensorProto.INT64}
graph = helper.make_graph(
    NODES,
    "g",
    [
        helper.make_tensor_value_info(n, kinds.get(n, TensorProto.FLOAT), v.shape)
        for n, v in feed.items()
    ],
    [
        helper.make_tensor_value_info("largest", TensorProto.FLOAT, []),
        helper.make_tensor_value_info("place", TensorProto.INT64, []),
        helper.make_tensor_value_info("top", TensorProto.FLOAT, [1]),
        helper.make_tensor_value_info("elementwise", TensorProto.FLOAT, [4]),
    ],
)
opsets = [helper.make_opsetid("", 20)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
names = ["largest", "place", "top", "elementwise"]
session = onnxruntime.InferenceSession(model.SerializeToString())
largest, place, top, elementwise = session.run(names, feed)
print("onnxruntime:", largest, place, top, elementwise)
assert largest == 3 and place == 1 and np.isnan(top[0]) and np.isnan(elementwise[2])
evaluator = reference.ReferenceEvaluator(model)
largest, place, top, elementwise = evaluator.run(names, feed)
print("reference:  ", largest, place, top, elementwise)
assert np.isnan(largest) and place == 2 and np.isnan(top[0])
END
