"""Tracking numbers: a pool per site, a number lent to each visit for a time, a call matched back to its visit.

The rule of lending. A visit gets the number that has been free the longest, for ``lease`` seconds (a visit that goes on
keeps it). When none is free the visit sees the site's ordinary number and its calls stay without a visit. A call belongs to
the last visit that was lent the number before the call began, even after the lease ended, unless the number was lent again:
then the call goes to the wrong visit. How often both happen follows from queueing theory and is computed here.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class PoolLoad:
    """How a pool fares. Shares are 0..1."""

    size: int
    offered: float
    """Offered load in erlangs: visits that would hold a number at the same time, were there enough of them."""
    unserved_share: float
    """Visits that find no number free: they see the ordinary one."""
    wrong_share: float
    """Calls of visits with a number that are matched to another visit."""


def erlang_b(size: int, offered: float) -> float:
    """Share of visits that find all ``size`` numbers lent, at an ``offered`` load in erlangs.

    Erlang's loss formula, B(n) = a·B(n−1) / (n + a·B(n−1)), B(0) = 1 (A. K. Erlang, 1917; the recursion is stable). It holds
    for visits that arrive independently (Poisson), whatever the lengths of their leases are: only the mean matters.
    """
    blocked = 1.0
    for number in range(1, size + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked


def pool_load(
    size: int, visits_per_hour: float, *, lease: float, call_delay: float, mean_lease: float | None = None
) -> PoolLoad:
    """How a pool of ``size`` numbers fares at ``visits_per_hour``, in shares of visits and of calls.

    ``lease``: seconds for which a number is kept for a visit; ``mean_lease`` where visits that go on make it longer;
    ``call_delay``: mean seconds from seeing the number to calling it.

    The delay of a call is taken as exponential, so exp(−lease/delay) of the calls come after the lease, by a further
    exponential time. Meanwhile the number waits behind the F numbers that were free before it (the longest free goes
    first), and it is lent again at the (F+1)-th visit: within an exponential time of mean d, n visits of a Poisson stream of
    rate λ come with probability (λd / (1+λd))ⁿ. F follows from the numbers that are lent when a lease ends, which are
    distributed as a served visit finds them: the truncated Poisson of Erlang's model without its last state (in a loss
    system departures leave what served arrivals see: R. B. Cooper, Introduction to Queueing Theory, 1981, §5.2).
    Raises ValueError for a size below 1 and for negative numbers.
    """
    if size < 1 or visits_per_hour < 0 or lease < 0 or call_delay < 0:
        raise ValueError("A pool needs at least one number, and rates and times that are not negative.")
    rate = visits_per_hour / 3600
    offered = rate * (lease if mean_lease is None else mean_lease)
    if not rate or not call_delay:
        return PoolLoad(size, offered, erlang_b(size, offered), 0.0)
    late = math.exp(-lease / call_delay)
    taken = rate * call_delay / (1 + rate * call_delay)
    # weights of 0 … size−1 numbers lent, as logarithms: a factorial of hundreds overflows
    logs = [
        busy * math.log(offered) - math.lgamma(busy + 1) if offered else (0.0 if not busy else -math.inf)
        for busy in range(size)
    ]
    top = max(logs)
    weights = [math.exp(value - top) for value in logs]
    lent_again = sum(weight * taken ** (size - busy) for busy, weight in enumerate(weights)) / sum(weights)
    return PoolLoad(size, offered, erlang_b(size, offered), late * lent_again)


def advised_size(
    visits_per_hour: float,
    *,
    lease: float,
    call_delay: float,
    mean_lease: float | None = None,
    max_wrong_share: float = 0.01,
    max_unserved_share: float = 0.02,
    largest: int = 2000,
) -> PoolLoad | None:
    """The smallest pool within both limits at the busiest hour's ``visits_per_hour``, or None when ``largest`` is not enough."""

    def fares(size: int) -> PoolLoad:
        return pool_load(size, visits_per_hour, lease=lease, call_delay=call_delay, mean_lease=mean_lease)

    low, high = 1, largest
    if not _is_enough(fares(high), max_wrong_share, max_unserved_share):
        return None
    while low < high:  # both shares only fall as the pool grows
        middle = (low + high) // 2
        if _is_enough(fares(middle), max_wrong_share, max_unserved_share):
            high = middle
        else:
            low = middle + 1
    return fares(low)


def _is_enough(load: PoolLoad, max_wrong_share: float, max_unserved_share: float) -> bool:
    return load.wrong_share <= max_wrong_share and load.unserved_share <= max_unserved_share


class NumberPool:
    """The numbers of one site and who holds them. Times are seconds of one clock that never goes back."""

    def __init__(self, numbers: Iterable[str], *, lease: float, earlier: Iterable[tuple[str, str, float]] = ()) -> None:
        """``earlier``: the last lease of each number as (number, visitor, end), from before a restart."""
        known = dict.fromkeys(numbers)
        self._lease = lease
        self._held: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """Visitor → number and end of the lease, the earliest end first."""
        for number, visitor, end in sorted(earlier, key=lambda last: last[2]):
            if number in known and visitor not in self._held:
                self._held[visitor] = number, end
                del known[number]
        self._free = deque(known)

    @property
    def lent(self) -> int:
        """How many numbers are lent (some of them, perhaps, past their time)."""
        return len(self._held)

    def lend(self, visitor: str, now: float) -> tuple[str, float] | None:
        """The visitor's number and until when it is kept: the one that it has, prolonged, or the longest free. None: none is free."""
        while self._held and next(iter(self._held.values()))[1] <= now:
            _, (number, _) = self._held.popitem(last=False)
            self._free.append(number)
        if visitor in self._held:
            number, _ = self._held.pop(visitor)
        elif self._free:
            number = self._free.popleft()
        else:
            return None
        self._held[visitor] = (number, now + self._lease)
        return number, now + self._lease
