"""A plugin of pytest: when the CPU seconds are used up, the tests end, also in the
middle of one, which then has neither passed nor failed.

Not seconds on the wall: a machine that is busy reads the same verdict.
"""

import _thread
import os
import signal
import threading
import time
from contextlib import suppress

import psutil
import pytest

from tools.execute.processes import family

PAUSE = 0.2  # seconds between two looks
GRACE = 0.5  # seconds in which a test may end what it has started


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the limit."""
    parser.addoption("--cpu-limit", type=float, help="CPU seconds, imports included")


def pytest_configure(config: pytest.Config) -> None:
    """Keep to the limit from here on, where there is one."""
    if limit := config.getoption("cpu_limit"):
        config.pluginmanager.register(Limit(limit))


def used() -> float:
    """Return the CPU seconds of this process and of all that it has started, those
    that are at work among them."""
    total = sum(os.times()[:4])
    for child in family(os.getpid())[1:]:
        with suppress(psutil.Error):
            total += sum(child.cpu_times()[:4])  # of its own children too
    return total


class Limit:
    """Interrupts the tests, as Ctrl-C does, once."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.is_over = False
        self.ended = threading.Event()  # the tests, one way or the other

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session):
        """Run the tests under watch; say why no other follows."""
        # Whoever starts this with "&" may have it ignore interruptions.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=self.watch, daemon=True).start()
        try:
            return (yield)
        except KeyboardInterrupt:
            if self.is_over:
                said = f"{self.seconds:.0f} CPU seconds are used up"
                raise session.Interrupted(said) from None
            raise
        finally:
            self.ended.set()

    def watch(self) -> None:
        """Wait for the limit; end the test, then what it leaves behind."""
        while used() <= self.seconds:
            if self.ended.wait(PAUSE):
                return
        self.is_over, left = True, family(os.getpid())[1:]
        interrupt()
        time.sleep(GRACE)
        for process in left:
            with suppress(psutil.Error):
                process.kill()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self):
        """Report nothing of a test that was interrupted: it may have taken that for a
        failure of its own, or of what it had started."""
        report = yield
        if self.is_over:
            raise KeyboardInterrupt
        return report


def interrupt() -> None:
    """Interrupt the main thread, also where it waits."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()
