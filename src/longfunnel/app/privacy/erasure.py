"""Erasure and export: everything that is held about one person, shown or taken out, wherever it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from longfunnel.app.build import building
from longfunnel.app.business import OWN_FOLDER, now
from longfunnel.app.people.identity import person_meant
from longfunnel.app.privacy.own_files import files_that_mention
from longfunnel.app.serving.collecting import collecting, is_served
from longfunnel.app.serving.jobs import StoppedError
from longfunnel.collect.privacy import Erased, count_person, erase_person, export_person
from longfunnel.collect.tombstones import Tombstones
from longfunnel.core.text import Text
from longfunnel.people import identifiers_of
from longfunnel.warehouse.database import is_stopped
from longfunnel.warehouse.identifiers import Identifier
from longfunnel.warehouse.rewrite import rewrite_warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.core.progress import Progress

TOMBSTONES_FILE = "erased.jsonl"
"""In the program's own folder: who was erased, so that an older backup brings nobody back. No backup has it."""
UNFINISHED_FILE = "erase-unfinished"
"""Stands where deleted rows are still in the warehouse's file: a server holds it open, or a kill came between. Its lines are
the identifiers of whoever was confirmed and is not taken out yet."""


@dataclass(frozen=True)
class Found:
    """What is held about a person."""

    identifiers: tuple[Identifier, ...]
    rows: dict[str, int]
    """Fact, webhooks or quarantine → rows that name the person."""
    own_files: tuple[Path, ...]
    """Files of the business's own that mention a contact of the person. They are not ours to change."""


def find_held(business: Business, text: str) -> Found:
    """What is held about the person that ``text`` means: a phone, an e-mail, an id (kind:value) or a person's number.

    Loads what waits in the log first. Raises NothingYetError when nobody is meant, or several are.
    """
    identifiers = _known(business, text)
    rows = count_person(business.warehouse, identifiers)
    return Found(identifiers, rows, tuple(files_that_mention(business, identifiers)))


def export(business: Business, text: str) -> dict[str, Any]:
    """Everything that is held about the person: identifiers, and the rows that name them, all versions, by fact."""
    identifiers = _known(business, text)
    return {"identifiers": [str(one) for one in identifiers], **export_person(business.warehouse, identifiers)}


def _known(business: Business, text: str) -> tuple[Identifier, ...]:
    load_waiting(business)
    return tuple(identifiers_of(business.warehouse, person_meant(business, text)))


def load_waiting(business: Business) -> None:
    """Load what waits in the log: it may name the person, too."""
    with collecting(business) as live:
        live.loader.load_all()


def confirm_erasure(business: Business, identifiers: Sequence[Identifier], subject: str = "") -> None:
    """Remember, on disk when this returns, that the person is to be taken out: a server that ends or is killed before ``erase``
    has done so does it when it ends or starts again (``finish_erasures``). ``subject`` names it to ``call_off``."""
    own = business.folder / OWN_FOLDER
    Tombstones(own / TOMBSTONES_FILE).add(identifiers, now())  # first: what is half erased must not come back
    with os.fdopen(os.open(own / UNFINISHED_FILE, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "wb") as opened:
        opened.write(msgspec.json.encode(_Confirmed.of(identifiers, subject)) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())


def call_off(business: Business, subject: str) -> None:
    """Forget what was confirmed about the subject and is not done yet."""
    _keep_confirmed(business, [one for one in _confirmed(business) if one.subject != subject])


def erase(
    business: Business, identifiers: Sequence[Identifier], *, progress: Progress | None = None
) -> tuple[Erased, bool]:
    """Take the person out of the facts, the log, the decisions and the derived tables, and remember that they were erased.

    What was taken out, and whether the last traces have left the warehouse's file: beside a running server they go when it
    stops. A kill in between leaves the rest to ``finish_erasures``, and so does a server that ends where ``confirm_erasure`` was
    called before; whatever else goes wrong leaves the person as before.
    """

    def tell(what: Text, share: float) -> None:
        if progress:
            progress(what, share)

    is_promised = any(one.identifiers == list(identifiers) for one in _confirmed(business))
    if not is_promised:
        confirm_erasure(business, identifiers)
    try:
        tell(Text("taking out the rows", "убираем строки"), 0.1)
        erased = _take_out(business, identifiers)
    except BaseException as error:
        is_stopping = is_stopped(error) or isinstance(error, (StoppedError, duckdb.InterruptException))
        if not (is_promised and is_stopping):
            _forget_confirmed(business, identifiers)
        raise
    _forget_confirmed(business, identifiers)
    is_whole = not is_served(business.folder)
    if is_whole:
        tell(Text("writing the warehouse anew", "переписываем хранилище"), 0.4)
        finish_erasures(business)
    tell(Text("building", "сборка"), 0.7)
    business.build(full=True)
    return erased, is_whole


def _take_out(business: Business, identifiers: Sequence[Identifier]) -> Erased:
    with collecting(business) as live:
        end = live.roll()
        with building, live.loader.lock:
            erased = erase_person(
                business.warehouse, live.log, live.plan, identifiers, loaded=live.loader.position, until=end
            )
    business.state.identity_decisions.forget({(one.kind, one.value) for one in identifiers})
    return erased


def finish_erasures(business: Business) -> None:
    """Take out whoever was confirmed and not taken out, and write the warehouse anew where deleted rows are still in its file.
    Nobody else may hold it. Nothing to do is nothing done."""
    unfinished = business.folder / OWN_FOLDER / UNFINISHED_FILE
    if unfinished.exists():
        for one in _confirmed(business):
            _take_out(business, one.identifiers)
        business.close()
        rewrite_warehouse(business.folder / OWN_FOLDER)
        unfinished.unlink()


class _Confirmed(msgspec.Struct):
    """A line of what is to be done."""

    subject: str
    known: list[tuple[str, str, str]]

    @classmethod
    def of(cls, identifiers: Sequence[Identifier], subject: str) -> _Confirmed:
        return cls(subject, [(one.kind, one.value, one.system) for one in identifiers])

    @property
    def identifiers(self) -> list[Identifier]:
        return [Identifier(*one) for one in self.known]


def _confirmed(business: Business) -> list[_Confirmed]:
    """Whoever was confirmed and is not taken out yet. A line that a kill cut short was not confirmed."""
    unfinished = business.folder / OWN_FOLDER / UNFINISHED_FILE
    lines = unfinished.read_bytes().split(b"\n")[:-1] if unfinished.exists() else []
    return [msgspec.json.decode(line, type=_Confirmed) for line in lines]


def _forget_confirmed(business: Business, identifiers: Sequence[Identifier]) -> None:
    rest = [one for one in _confirmed(business) if one.identifiers != list(identifiers)]
    _keep_confirmed(business, rest)


def _keep_confirmed(business: Business, rest: list[_Confirmed]) -> None:
    unfinished = business.folder / OWN_FOLDER / UNFINISHED_FILE
    beside = unfinished.with_suffix(".new")
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(b"".join(msgspec.json.encode(one) + b"\n" for one in rest))
        opened.flush()
        os.fsync(opened.fileno())
    beside.replace(unfinished)


def reapply_erasures(business: Business) -> None:
    """Erase again whoever a restored backup has brought back, down to the bytes. The derived tables follow with the next build."""
    own = business.folder / OWN_FOLDER
    (own / UNFINISHED_FILE).touch()
    stones = Tombstones(own / TOMBSTONES_FILE)
    stones.apply(business.warehouse)
    named = {(one.kind_a, one.value_a, one.system_a or "") for one in business.decisions()}
    named |= {(one.kind_b, one.value_b or "", one.system_b or "") for one in business.decisions() if one.kind_b}
    if gone := stones.among(named):
        business.state.identity_decisions.forget(gone)
    finish_erasures(business)
