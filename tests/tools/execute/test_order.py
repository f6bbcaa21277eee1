"""The longest lesson is executed first, and results keep the order of the jobs."""

from contextlib import ExitStack

import pytest

from tools.course import files, notebooks
from tools.execute import order, schedule
from tools.execute.schedule import Job, Result

SAID = "[The lesson](../notebooks/{}.ipynb): {} seconds of\ncomputing; own data.\n"


@pytest.fixture
def paths(tmp_path, monkeypatch):
    """Four lessons: two say how long they compute, two differ in their size."""
    monkeypatch.setattr(files, "ROOT", tmp_path)
    (tmp_path / "teaching").mkdir()
    for name, seconds in (("00_a", 10), ("02_c", 155)):
        page = tmp_path / "teaching" / f"{name[:2]}.md"
        page.write_text(SAID.format(name, seconds), encoding="utf-8")
    (tmp_path / "teaching" / "03.md").write_text("of computing", encoding="utf-8")
    found = [tmp_path / f"{name}.ipynb" for name in ("00_a", "01_b", "02_c", "03_d")]
    for size, path in enumerate(found):
        path.write_bytes(b" " * size)
    return found


def test_the_longest_lesson_comes_first(paths):
    a, b, c, d = paths
    assert sorted(paths, key=order.by_length) == [c, a, d, b]


@pytest.mark.parametrize(("at_once", "begun"), [(1, "abcd"), (2, "cadb")])
def test_it_begins_first_where_some_run_at_once(paths, at_once, begun, monkeypatch):
    seen = []

    def follow(job, start, tick):
        seen.append(job.source.stem[-1])
        return Result(job, "", 0.0, None)

    monkeypatch.setattr(schedule, "follow", follow)
    monkeypatch.setattr(schedule, "count_cells", lambda job: 0)
    monkeypatch.setattr(schedule, "ThreadPoolExecutor", lambda _: InOrder())
    jobs = [Job(path, path) for path in paths]
    assert [result.job for result in schedule.run_jobs(jobs, at_once)] == jobs
    assert "".join(seen) == begun


class InOrder(ExitStack):
    """A pool that does one thing after the other."""

    map = staticmethod(map)


def test_every_lesson_of_the_course_says_its_seconds():
    assert all(order.seconds(path) > 0 for path in notebooks.lessons())
