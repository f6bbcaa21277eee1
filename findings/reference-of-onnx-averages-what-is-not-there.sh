#!/usr/bin/env bash
# onnx: the reference evaluator's AveragePool with ceil_mode gives other means than
# onnxruntime, for the full window, too.
#
# Versions: onnx==1.23.2, onnxruntime==1.32.0, numpy==2.4.6.
# Guess: the mean of 0, 1, 2, 3 is 1.5, and the last window averages the two numbers
# that it holds, 4.5.
# Seen: onnxruntime gives 1.5 and 4.5; onnx's own reference evaluator 1.0 and 3.5.
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

node = helper.make_node(
    "AveragePool", ["x"], ["y"], kernel_shape=[4], strides=[4], ceil_mode=1
)
graph = helper.make_graph(
    [node],
    "g",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 2])],
)
opsets = [helper.make_opsetid("", 20)]
model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
feed = {"x": np.arange(6, dtype=np.float32).reshape(1, 1, 6)}
session = onnxruntime.InferenceSession(model.SerializeToString())
ran = session.run(None, feed)[0].ravel().tolist()
referred = reference.ReferenceEvaluator(model).run(None, feed)[0].ravel().tolist()
print("onnxruntime", ran, "reference", referred)
assert ran == [1.5, 4.5]
assert referred == [1.0, 3.5]
END
