"""The environment of what is executed: the checkout comes first, changes come last."""

import os

from tools.execute.kernels import at_home, child_environment


def test_the_checkout_comes_before_what_is_set_and_a_none_takes_away(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    monkeypatch.setenv("HF_HOME", "elsewhere")
    found = child_environment(tmp_path, PIXELS_QUIET=None, **at_home(tmp_path))
    assert found["PYTHONPATH"] == f"{tmp_path}{os.pathsep}elsewhere"
    assert found["HOME"] == found["USERPROFILE"] == str(tmp_path)
    assert not {"HF_HOME", "PIXELS_QUIET"} & set(found)
    monkeypatch.delenv("PYTHONPATH")
    assert child_environment(tmp_path)["PYTHONPATH"] == str(tmp_path)
