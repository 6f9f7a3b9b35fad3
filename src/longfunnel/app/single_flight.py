"""Single flight: what many want at the same moment is made once. A reader may give up; what nobody wants any more is stopped."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

Value = TypeVar("Value")
_LOOK_SECONDS = 0.05


class GivenUpError(LongfunnelError):
    """Whoever asked has given up waiting."""

    code = "given_up"


class Stop:
    """One reader's word that they wait no longer. It is set from another thread than the one that works for them."""

    def __init__(self) -> None:
        self._said = threading.Event()
        self._interrupts: list[Callable[[], None]] = []

    @property
    def is_set(self) -> bool:
        """Whether the reader has given up."""
        return self._said.is_set()

    def set(self) -> None:
        """Give up, and interrupt what works for this reader now. To be repeated until it has ended: it may be between two queries."""
        self._said.set()
        for interrupt in tuple(self._interrupts):
            interrupt()

    def check(self) -> None:
        """Raises GivenUpError when it is set: to be called between two pieces of work."""
        if self.is_set:
            raise GivenUpError(Text("Stopped.", "Остановлено."))

    @contextmanager
    def reaching(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """Inside, ``set`` calls this too."""
        self._interrupts.append(interrupt)
        try:
            yield
        finally:
            self._interrupts.remove(interrupt)


class Flight(Generic[Value]):
    """One thing in the making, and the readers who wait for it."""

    def __init__(self) -> None:
        self.wanted_by: list[Stop] = []
        self.reach: Callable[[], None] | None = None
        """Interrupts what makes it; None between two pieces of work."""
        self.done = threading.Event()
        self.value: Value | None = None
        self.error: BaseException | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits."""
        return not all(stop.is_set for stop in self.wanted_by)

    def interrupt(self) -> None:
        """End the making, unless another reader still waits."""
        reach = self.reach
        if reach and not self.is_wanted:
            reach()


class SingleFlight(Generic[Value]):
    """Things in the making, by their keys."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flying: dict[Hashable, Flight[Value]] = {}

    def get(self, key: Hashable, make: Callable[[Flight[Value]], Value], stop: Stop) -> Value:
        """What ``make`` gives, in this thread or in the one that is at it already; its error is every reader's error.

        Raises GivenUpError once ``stop`` is set.
        """
        while True:
            stop.check()  # also after others gave up what this reader came to wait for: it is made again
            with self._lock:
                flight = self._flying.get(key)
                leads = flight is None
                if flight is None:
                    flight = self._flying[key] = Flight()
                flight.wanted_by.append(stop)
            with stop.reaching(flight.interrupt):
                if leads:
                    return self._lead(key, flight, make)
                while not flight.done.wait(_LOOK_SECONDS):
                    stop.check()
            if flight.error is None:
                return flight.value  # type: ignore[return-value] # made without an error
            if not isinstance(flight.error, GivenUpError):
                raise flight.error

    def _lead(self, key: Hashable, flight: Flight[Value], make: Callable[[Flight[Value]], Value]) -> Value:
        try:
            flight.value = make(flight)
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                del self._flying[key]
            flight.done.set()
        return flight.value
