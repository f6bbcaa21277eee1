"""Executing a notebook in a process of its own."""

from tools.execute import schedule
from tools.execute.schedule import Job


def test_a_log_of_other_bytes_is_read(tmp_path, monkeypatch):
    def no_events(job, environment, log):
        log.buffer.write(b"caf\xe9\n")
        return iter(())

    monkeypatch.setattr(schedule, "events", no_events)
    result = schedule.follow(Job(tmp_path / "a", tmp_path / "b"), {})
    assert result.error == "the process ended early: caf\ufffd"
