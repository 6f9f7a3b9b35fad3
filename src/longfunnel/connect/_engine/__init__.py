"""The engine of the connectors: everything that is the same for every outside system.

A connector (``connect/bitrix24.py`` …) says what a system offers and what its records mean; the engine reaches it over HTTP,
keeps its tokens, its places and its records, and writes the facts.
"""

from __future__ import annotations

from longfunnel.connect._engine.api import Api, Call
from longfunnel.connect._engine.contract import (
    Access,
    Connector,
    Conversion,
    Conversions,
    Credential,
    Held,
    Hook,
    OAuth,
    Option,
    Page,
    Rate,
    Reading,
    Record,
    Row,
    Shaping,
    Stream,
    Tokens,
    Touched,
    Window,
    WriteBack,
)
from longfunnel.connect._engine.errors import (
    ChangedSchemaError,
    ConnectError,
    ExpiredError,
    ForbiddenError,
    GoneError,
    LimitedError,
    RefusedError,
    TemporaryError,
    usual_error,
)

__all__ = [
    "Access",
    "Api",
    "Call",
    "ChangedSchemaError",
    "ConnectError",
    "Connector",
    "Conversion",
    "Conversions",
    "Credential",
    "ExpiredError",
    "ForbiddenError",
    "GoneError",
    "Held",
    "Hook",
    "LimitedError",
    "OAuth",
    "Option",
    "Page",
    "Rate",
    "Reading",
    "Record",
    "RefusedError",
    "Row",
    "Shaping",
    "Stream",
    "TemporaryError",
    "Tokens",
    "Touched",
    "Window",
    "WriteBack",
    "usual_error",
]
