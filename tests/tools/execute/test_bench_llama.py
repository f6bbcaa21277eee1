"""`python -m tools bench --real`: two ways to run one model, side by side."""

import sys
from argparse import Namespace
from types import SimpleNamespace

import pytest

from helpers.core.errors import UserError
from tools.execute import bench, bench_llama

COSTS = {
    "ours": {"first": 2.0, "speed": 18.0, "peak": 1400.4, "ids": [1, 2]},
    "library": {"first": 10.0, "speed": 15.0, "peak": None, "ids": [1, 2]},
    "shared": {"first": 3.0, "speed": 12.0, "peak": 1500.0, "ids": [1, 2]},
}


@pytest.fixture
def installed(monkeypatch):
    """Make believe that SmolLM2 is there, and accelerate, or not."""

    def make(accelerate):
        monkeypatch.setattr(bench_llama.smollm, "model_file", lambda: "file")
        monkeypatch.setattr(
            bench_llama.importlib.util, "find_spec", lambda name: accelerate or None
        )

    return make


def test_the_table_and_what_follows_from_it():
    table, _, verdict = bench_llama.real_table(COSTS).rpartition("\n\n")
    assert table.splitlines()[2].split()[-3:] == ["2.0", "18.0", "1400"]
    assert table.splitlines()[3].split()[-3:] == ["10.0", "15.0", "-"]
    assert verdict == (
        "the page's own: 1.50 times as fast, 0.20 of the time to the first token, "
        "the same tokens"
    )
    other = COSTS | {"shared": COSTS["shared"] | {"ids": [1, 3]}}
    assert "OTHER TOKENS" in bench_llama.real_table(other)


def test_each_is_measured_once(installed, capsys):
    installed(accelerate=True)
    asked = []
    assert bench_llama.main(lambda what: asked.append(what) or COSTS[what]) == 0
    assert asked == ["ours", "library", "shared"]
    assert bench_llama.HOW not in capsys.readouterr().out


def test_without_accelerate_one_line_says_how(installed, capsys):
    installed(accelerate=False)
    assert bench_llama.main(COSTS.__getitem__) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == bench_llama.HOW
    assert "first token," not in told


def test_without_the_weights_one_line_says_how(monkeypatch):
    monkeypatch.setattr(bench_llama.smollm, "model_file", lambda: None)
    with pytest.raises(UserError, match="to get it, type"):
        bench_llama.main()


def test_bench_asks_for_nothing_else(monkeypatch):
    monkeypatch.setattr(bench_llama, "main", lambda: 7)
    assert bench.main(Namespace(real=True)) == 7


def test_a_process_of_its_own_with_one_thread(monkeypatch):
    def run(words, env, **options):
        assert words == [sys.executable, "-m", bench_llama.WORKER, "ours"]
        assert env["OMP_NUM_THREADS"] == env["HF_HUB_OFFLINE"] == "1"
        return SimpleNamespace(returncode=0, stdout='noise\n{"speed": 3}\n')

    monkeypatch.setattr(bench_llama.subprocess, "run", run)
    assert bench_llama.in_its_own_process("ours") == {"speed": 3}


def test_a_way_that_fails_is_named_with_its_last_line(monkeypatch):
    failed = SimpleNamespace(returncode=1, stdout="", stderr="a\nMemoryError\n")
    monkeypatch.setattr(bench_llama.subprocess, "run", lambda *a, **options: failed)
    with pytest.raises(UserError, match="GGUF path could not be measured: MemoryError"):
        bench_llama.in_its_own_process("library")
