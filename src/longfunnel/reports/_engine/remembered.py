"""What several questions about the same build work out alike: read histories, fitted models, played futures."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from longfunnel.reports._engine.context import Context

Value = TypeVar("Value")
_KEPT: Final = 24
_PLACE: Final = "remembered"
_changing = Lock()


def remembered(context: Context, key: Hashable, make: Callable[[], Value]) -> Value:
    """What ``make`` returns, made once for each ``key`` while the build stands; the two dozen used last are kept.

    The key names the kind of thing and all that it depends on beside the build: statements with their values, options, settings.
    What is kept must not be changed by those who use it. Two who ask at the same moment may both make it.
    """
    kept: OrderedDict[Hashable, Value] = context.known_once.setdefault(_PLACE, OrderedDict())
    with _changing:
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    found = make()
    with _changing:
        kept[key] = found
        while len(kept) > _KEPT:
            kept.popitem(last=False)
    return found
