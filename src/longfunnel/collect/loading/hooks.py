"""Webhooks of other systems: the fields of the body become columns by the mapping of their ``[[source]]``."""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as BinasciiError
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from longfunnel.collect.loading.staging import Rejected, Row
from longfunnel.collect.loading.values import MISSING
from longfunnel.core.errors import words_of
from longfunnel.core.text import Text
from longfunnel.warehouse.facts import Fact, Type, facts

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.collect.loading.values import Reader
    from longfunnel.core.collecting import Signature
    from longfunnel.core.settings import Source


def hook_rows(
    source: Source, content_type: str, body: bytes, reader: Reader, *, received_at: datetime, position: str
) -> tuple[list[Row], list[Rejected]]:
    """The rows of a webhook's body, JSON (an object, or a list of objects) or form-encoded.

    Theirs is a path of names and numbers with dots: ``client.phones.0.number``. An identifier that cannot be read is kept in
    ``props`` under our name; another value that cannot be read puts its row into the quarantine. Where nothing is mapped
    to the row's id, ``position`` (the place in the log) makes one.
    """
    fact = facts()[source.fact]
    try:
        objects = _objects(content_type, body)
    except ValueError as error:
        return [], [
            Rejected(
                fact.name,
                0,
                None,
                None,
                Text("The body cannot be read: {why}.", "Тело запроса не читается: {why}.").format(why=words_of(error)),
                _as_json(body.decode("utf-8", "replace")),
            )
        ]
    rows: list[Row] = []
    rejected: list[Rejected] = []
    for number, fields in enumerate(objects):
        outcome = _row(fact, source, fields, reader, received_at, number, f"{position}.{number}")
        if isinstance(outcome, Row):
            rows.append(outcome)
        else:
            rejected.append(outcome)
    return rows, rejected


def _objects(content_type: str, body: bytes) -> list[Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        try:
            return [dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000))]
        except UnicodeDecodeError as error:
            raise ValueError(Text("it is no UTF-8 ({why})", "это не UTF-8 ({why})").format(why=error.reason)) from error
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(Text("it is not JSON ({why})", "это не JSON ({why})").format(why=error)) from error
    objects = given if isinstance(given, list) else [given]
    if not all(isinstance(fields, dict) for fields in objects):
        raise ValueError(Text("an object, or a list of objects, is needed", "нужен объект или список объектов"))
    return objects


def _row(
    fact: Fact, source: Source, fields: Any, reader: Reader, received_at: datetime, number: int, made_id: str
) -> Row | Rejected:
    values: dict[str, Any] = {}
    props: dict[str, Any] = {}
    for name, theirs in [
        *source.columns.items(),
        *((name, None) for name in source.constants if name not in source.columns),
    ]:
        if name == "props" and isinstance(theirs, dict):
            props |= {key: found for key, path in theirs.items() if (found := _at(fields, str(path))) is not None}
            continue
        column = fact.column_by_name.get(name)
        given = source.constants.get(name) if theirs is None else _first(fields, theirs)
        if given is None and theirs is not None:
            given = source.constants.get(name)
        if column is None:
            said = Text(
                "A {fact} has no column «{name}»: mend the source's mapping.",
                "В {fact} нет колонки «{name}»: поправьте сопоставление источника.",
            ).format(fact=fact.name, name=name)
            return _rejected(fact, number, name, given, said, fields)
        given = source.values.get(name, {}).get(str(given), given)
        try:
            values[name] = reader.read(column, given)
        except ValueError as error:
            if not column.identifier or column.required:
                return _rejected(fact, number, name, given, words_of(error), fields)
            props[name] = given
    at = fact.column_by_name[fact.at]
    if at.type is Type.INSTANT and values.get(fact.at) is None:
        values[fact.at] = received_at
    if fact.key[0].endswith("_id") and values.get(fact.key[0]) is None and fact.key[0] not in source.columns:
        values[fact.key[0]] = made_id
    for column in fact.columns:
        if column.required and values.get(column.name) is None:
            return _rejected(fact, number, column.name, None, MISSING, fields)
    if props and "props" in fact.column_by_name:
        values["props"] = _as_json(props)
    return Row(fact.name, values)


def _first(fields: Any, paths: Any) -> Any:
    """The value at the path, or at the first of several that has one."""
    for path in paths if isinstance(paths, list) else [paths]:
        if (found := _at(fields, str(path))) not in (None, ""):
            return found
    return None


def _at(fields: Any, path: str) -> Any:
    if isinstance(fields, dict) and path in fields:
        return fields[path]  # a name may itself hold dots, or be written leads[0][id]
    for part in path.split("."):
        if isinstance(fields, dict):
            fields = fields.get(part)
        elif isinstance(fields, list) and part.isdecimal() and int(part) < len(fields):
            fields = fields[int(part)]
        else:
            return None
    return fields


def _rejected(fact: Fact, number: int, column: str, value: Any, reason: Text, fields: Any) -> Rejected:
    shown = None if value is None else value if isinstance(value, str) else _as_json(value)
    return Rejected(fact.name, number, column, shown, reason, _as_json(fields))


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def is_signed(rule: Signature, given: str, body: bytes, secret: str) -> bool:
    """Whether ``given`` is the body's signature with the shared secret: HMAC in hexadecimal or base64, a ``name=`` before it allowed."""
    digest = hmac.new(secret.encode(), body, rule.algorithm).digest()
    return any(hmac.compare_digest(digest, reading) for reading in _signatures(given.strip()))


def _signatures(text: str) -> list[bytes]:
    """What a header can mean: hexadecimal or base64, after an optional ``name=``."""
    readings = []
    for candidate in (text, text.partition("=")[2]):
        for decode in (bytes.fromhex, b64decode):
            try:
                readings.append(decode(candidate))
            except (ValueError, BinasciiError):
                continue
    return [reading for reading in readings if reading]
