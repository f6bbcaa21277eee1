"""Where a grid of runs is worked off: processes of this machine, or a cluster."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from helpers.core.errors import UserError

SECONDS_TO_ANSWER = 10


@contextmanager
def pool(scheduler: str | None, at_once: int) -> Iterator[Executor]:
    """Yield the executor: threads that each wait for a process of their own, or the
    cluster behind a dask scheduler, whose workers have this same checkout.

    Raises UserError without the extra `cluster`, and where no scheduler answers.
    """
    if not scheduler:
        with ThreadPoolExecutor(at_once) as threads:
            yield threads
        return
    try:
        from distributed import Client

        client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except ModuleNotFoundError:
        raise UserError(
            'A cluster needs dask: python -m pip install -e ".[cluster]".'
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(f"No dask scheduler answers at {scheduler!r}.") from error
    with client, client.get_executor(pure=False) as cluster:
        yield cluster
