"""What many want at once is made once; whoever gives up leaves the others alone; what nobody wants ends."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from longfunnel.app.single_flight import Flight, GivenUpError, SingleFlight, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 20


class Slow:
    """Something that takes until it is let through, or interrupted."""

    def __init__(self) -> None:
        self.begun, self.through = threading.Event(), threading.Event()
        self.times = 0
        self.fails = False

    def make(self, flight: Flight[int]) -> int:
        self.times += 1
        interrupted = threading.Event()
        flight.reach = interrupted.set
        self.begun.set()
        while not self.through.wait(0.01):
            if interrupted.is_set():
                raise GivenUpError("Stopped.")
        if self.fails:
            raise ValueError("broken")
        return self.times


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def readers(
    pool: ThreadPoolExecutor, flights: SingleFlight[int], slow: Slow, count: int
) -> list[tuple[Stop, Future[int]]]:
    """So many who wait for the same, the first of whom makes it."""
    found: list[tuple[Stop, Future[int]]] = []
    joined = threading.Semaphore(0)

    class Seen(Stop):
        def reaching(self, interrupt: Any) -> Any:
            joined.release()
            return super().reaching(interrupt)

    for _ in range(count):
        stop = Seen()
        found.append((stop, pool.submit(flights.get, "key", slow.make, stop)))
        assert joined.acquire(timeout=PATIENCE)
        assert slow.begun.wait(PATIENCE)
    return found


def test_ten_readers_cost_one_making(pool: ThreadPoolExecutor) -> None:
    slow, flights = Slow(), SingleFlight[int]()
    waiting = readers(pool, flights, slow, 10)
    slow.through.set()
    assert [future.result(PATIENCE) for _, future in waiting] == [1] * 10
    assert flights.get("key", slow.make, Stop()) == 2, "nothing is remembered here"


def test_an_error_is_every_readers_error(pool: ThreadPoolExecutor) -> None:
    slow, flights = Slow(), SingleFlight[int]()
    slow.fails = True
    waiting = readers(pool, flights, slow, 3)
    slow.through.set()
    for _, future in waiting:
        with pytest.raises(ValueError, match="broken"):
            future.result(PATIENCE)
    assert slow.times == 1


def test_who_gives_up_leaves_the_others_alone(pool: ThreadPoolExecutor) -> None:
    slow, flights = Slow(), SingleFlight[int]()
    (first, first_future), (second, second_future), (_, third_future) = readers(pool, flights, slow, 3)
    first.set()
    second.set()
    with pytest.raises(GivenUpError):
        second_future.result(PATIENCE)
    slow.through.set()
    assert third_future.result(PATIENCE) == 1
    assert first_future.result(PATIENCE) == 1, "its thread has made it for the third"


def test_what_nobody_wants_is_interrupted_and_the_next_reader_begins_anew(pool: ThreadPoolExecutor) -> None:
    slow, flights = Slow(), SingleFlight[int]()
    waiting = readers(pool, flights, slow, 2)
    for stop, _ in waiting:
        stop.set()
    for _, future in waiting:
        with pytest.raises(GivenUpError):
            future.result(PATIENCE)
    slow.through.set()
    assert flights.get("key", slow.make, Stop()) == 2
    with pytest.raises(GivenUpError):
        flights.get("key", slow.make, waiting[0][0])
    assert slow.times == 2
