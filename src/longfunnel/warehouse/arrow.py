"""The Arrow types of the facts' columns: how rows that Python has made go into the engine without a detour."""

from __future__ import annotations

import pyarrow as pa

from longfunnel.warehouse.facts import Type

ARROW: dict[Type, pa.DataType] = {
    Type.TEXT: pa.string(),
    Type.INSTANT: pa.timestamp("us"),
    Type.DAY: pa.date32(),
    Type.COUNT: pa.int64(),
    Type.MONEY: pa.decimal128(18, 4),
    Type.NUMBER: pa.float64(),
    Type.FLAG: pa.bool_(),
    Type.PROPS: pa.string(),
}
