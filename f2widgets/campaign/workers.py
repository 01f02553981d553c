"""Workers of Dask that carry out tasks: on this computer, or wherever a scheduler has some."""

from __future__ import annotations

import logging
import re
import threading
import uuid
from typing import Any

from f2widgets import __version__
from f2widgets.campaign.crew import free_memory, nobodys_main
from f2widgets.campaign.work import Errand, Outcome, carry_out_errand
from f2widgets.core.blocks import threads
from f2widgets.errors import F2Error, ParameterError

#: Seconds in which a scheduler must answer, and in which it must have a worker.
PATIENCE = 20.0

#: Held in a worker by the task that it carries out: a task has the folder of its process and all its threads.
_busy = threading.Lock()


class Workers:
    """Carries out tasks on the workers of a scheduler, which sees to those that are lost.

    Parameters
    ----------
    scheduler : str
        Its address (``tcp://10.0.0.1:8786``), or ``local:4`` for so many workers on this computer.

    Raises
    ------
    ParameterError
        If it is neither, or Dask is not installed.
    F2Error
        If the scheduler does not answer, has no worker, or one of another version.

    Notes
    -----
    Workers must see raw frames and products under the same names, and have this version installed. Each does
    one task at a time, with all the threads of its computer.
    """

    def __init__(self, scheduler: str) -> None:
        number = _local(scheduler)
        try:
            import distributed
        except ImportError as error:
            raise ParameterError(
                "--scheduler needs Dask: install it with pip install 'f2widgets[dask]'."
            ) from error
        self._wait = distributed.wait
        self._killed: type[Exception] = distributed.KilledWorker
        self._futures: dict[Any, Errand] = {}
        self._cluster: Any = None
        if number is not None:
            with nobodys_main():
                self._cluster = distributed.LocalCluster(
                    n_workers=number,
                    threads_per_worker=1,
                    memory_limit=0,
                    dashboard_address=None,
                    silence_logs=logging.CRITICAL,
                    env={"F2WIDGETS_THREADS": str(max(1, threads() // number))},
                )
        try:
            self._client: Any = distributed.Client(self._cluster or scheduler, timeout=PATIENCE)
            self._client.wait_for_workers(1, timeout=PATIENCE)
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            if self._cluster is not None:
                self._cluster.close()
            raise F2Error(
                f"The scheduler {scheduler} does not answer, or has no worker: {error}. "
                "Check its address, or leave --scheduler out."
            ) from error
        if self._cluster is None:
            self._must_be_of_this_version()

    def _must_be_of_this_version(self) -> None:
        """Refuse workers that would not do the same."""
        for address, version in self._client.run(_version, on_error="return").items():
            if version != __version__:
                self.stop()
                has = f"f2widgets {version}" if isinstance(version, str) else f"no f2widgets ({version})"
                raise F2Error(
                    f"The worker {address} has {has}, and this is {__version__}: install the same there, or "
                    "leave --scheduler out."
                )

    @property
    def free(self) -> float:
        """Megabytes that tasks may take if nothing else is said."""
        if self._cluster is not None:
            return free_memory()
        limits = list(self._client.run(_limit).values())
        return sum(limits) / 1e6 if limits and all(limits) else float("inf")

    @property
    def room(self) -> int:
        """How many tasks more may begin."""
        return len(self._client.nthreads()) - len(self._futures)

    @property
    def memory(self) -> float:
        """Megabytes that the tasks at work may take."""
        return sum(errand.memory for errand in self._futures.values())

    def begin(self, errand: Errand, others: int) -> None:
        """Begin a task; the scheduler chooses where, and begins it anew where a worker is lost."""
        key = f"{errand.key}-{uuid.uuid4().hex}"
        self._futures[self._client.submit(_carry_out_alone, errand, key=key, pure=False)] = errand

    def wait(self, seconds: float) -> list[Outcome]:
        """Return what has come out of the tasks that have ended; wait some time for the first."""
        try:
            done = self._wait(list(self._futures), timeout=seconds, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return []
        return [self._outcome(future, self._futures.pop(future)) for future in done]

    def _outcome(self, future: Any, errand: Errand) -> Outcome:
        """Return what became of a task, or why that cannot be known."""
        try:
            outcome = future.result()
            assert isinstance(outcome, Outcome)
            return outcome
        except self._killed as error:
            reason = f"The workers that had it were lost, one after the other: {error}"
        except Exception as error:
            reason = f"Its worker could not carry it out: {type(error).__name__}: {error}"
        return Outcome(errand.key, "failed", reason=reason)

    def stop(self) -> None:
        """Let go of the workers; those on this computer end."""
        for future in self._futures:
            future.cancel()
        self._futures.clear()
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _carry_out_alone(errand: Errand) -> Outcome:
    """Carry out a task after any other in the same process; called on the worker."""
    with _busy:
        return carry_out_errand(errand)


def _version() -> str:
    """Return which version a worker has; called on it."""
    return __version__


def _limit(dask_worker: Any) -> int | None:
    """Return the bytes that a worker may take, None where there is no limit; called on the worker."""
    return getattr(dask_worker.memory_manager, "memory_limit", None)


def _local(scheduler: str) -> int | None:
    """Return how many workers are wanted on this computer, None where an address is given."""
    if not scheduler.startswith("local"):
        return None
    found = re.fullmatch(r"local:([1-9]\d*)", scheduler)
    if found is None:
        raise ParameterError(
            f"{scheduler!r} is no scheduler: give an address such as tcp://10.0.0.1:8786, or local:4 for "
            "four workers on this computer."
        )
    return int(found[1])
