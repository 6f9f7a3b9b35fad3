"""How kernels are compiled: to machine code on first use, kept on disk, and run without the interpreter's lock."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
    UserWideCacheLocator,
)
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function")


def kernel(function: Function) -> Function:
    """A kernel that Python calls."""
    return _kept(function, njit(nogil=True)(cast("Callable[..., object]", function)))


def part(function: Function) -> Function:
    """A part of kernels, which only they call: it needs no way in from Python, so it compiles sooner."""
    without_entry: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return _kept(function, njit(nogil=True, **without_entry)(cast("Callable[..., object]", function)))


def _kept(function: Function, compiled: Any) -> Function:
    """The compiled function with a cache on disk; without one where no folder can be written."""
    with suppress(RuntimeError):
        # what its own option sets, with another notion of «changed»
        compiled._cache = _Cache(function)  # type: ignore[no-untyped-call]
    return cast("Function", compiled)


@cache
def _stamp(folder: Path) -> str:
    """Changes when a source file in the folder does."""
    digest = md5(usedforsecurity=False)
    for file in sorted(folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _stamped(locator: Any) -> Any:
    """A place of the cache that knows code as old when any kernel has changed, not only the one that was called: machine code
    holds that of the parts it calls, wherever they are written.
    """

    def get_source_stamp(self: Any) -> tuple[str, ...]:
        return _stamp(Path(__file__).parent), _stamp(Path(self._py_file).parent)

    return type(locator.__name__, (locator,), {"get_source_stamp": get_source_stamp})


class _Kept(CompileResultCacheImpl):
    # the folder that NUMBA_CACHE_DIR names, beside the source, or the user's own where the program's cannot be written
    _locator_classes = [  # noqa: RUF012 - as the base has it
        _stamped(place) for place in (UserProvidedCacheLocator, InTreeCacheLocator, UserWideCacheLocator)
    ]


class _Cache(FunctionCache):
    _impl_class = _Kept


def _highest_bit(_context: Any, _mask: Any) -> Any:
    """One instruction that counts the leading zeros of 64 bits."""

    def code(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        zeros = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.sub(zeros.type(63), zeros)

    return types.int64(types.int64), code


highest_bit = cast("Callable[[int], int]", intrinsic(_highest_bit))
"""The number of the highest set bit of an int64, -1 for 0. Only in kernels."""
