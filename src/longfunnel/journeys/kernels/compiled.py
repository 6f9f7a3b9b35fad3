"""How kernels are compiled: to machine code on first use, kept on disk, and run without the interpreter's lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function")


def kernel(function: Function) -> Function:
    """A kernel that Python calls."""
    return cast("Function", njit(nogil=True, cache=True)(cast("Callable[..., object]", function)))


def part(function: Function) -> Function:
    """A part of kernels, which only they call: it needs no way in from Python, so it compiles sooner."""
    without_entry: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Function", njit(nogil=True, cache=True, **without_entry)(cast("Callable[..., object]", function)))


def _highest_bit(_context: Any, _mask: Any) -> Any:
    """One instruction that counts the leading zeros of 64 bits."""

    def code(_codegen: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        zeros = builder.ctlz(arguments[0], ir.Constant(ir.IntType(1), 0))
        return builder.sub(zeros.type(63), zeros)

    return types.int64(types.int64), code


highest_bit = cast("Callable[[int], int]", intrinsic(_highest_bit))
"""The number of the highest set bit of an int64, -1 for 0. Only in kernels."""
