"""The memory that is free, on a computer and in a container."""

from types import SimpleNamespace

import psutil
import pytest

from helpers.core import memory


@pytest.mark.parametrize(
    ("limit", "available", "free"),
    [(4 * 2**30, 64, 2), (4 * 2**30, 1, 1), ("max", 2, 2), (None, 2, 2)],
)
def test_in_a_container_its_own_limit_counts(
    limit, available, free, tmp_path, monkeypatch
):
    texts = {
        "memory.max": f"{limit}\n",
        "memory.current": f"{3 * 2**30}\n",
        "memory.stat": f"anon 5\ninactive_file {2**30}\nactive_file 7\n",
    }
    for name, text in texts.items() if limit else ():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    whole = SimpleNamespace(available=available * 2**30)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: whole)
    assert memory.free_memory() == free
