"""The course's helpers, wherever this folder lies: a hub knows no path to them."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[2] / "helpers")]

from helpers.core.moved import __getattr__ as __getattr__
