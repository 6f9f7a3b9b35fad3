"""Erasure and export: everything that is held about one person, shown or taken out, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longfunnel.app.build import building
from longfunnel.app.business import OWN_FOLDER, now
from longfunnel.app.people.identity import person
from longfunnel.app.privacy.own_files import files_that_mention
from longfunnel.app.serving.collecting import collecting, is_served
from longfunnel.collect.privacy import Erased, erase_person, export_person
from longfunnel.collect.tombstones import Tombstones
from longfunnel.core.text import Text
from longfunnel.warehouse.rewrite import rewrite_warehouse

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.app.business import Business
    from longfunnel.core.progress import Progress
    from longfunnel.warehouse.identifiers import Identifier

TOMBSTONES_FILE = "erased.jsonl"
"""In the program's own folder: who was erased, so that an older backup brings nobody back. No backup has it."""
UNFINISHED_FILE = "erase-unfinished"
"""Stands where deleted rows are still in the warehouse's file: a server holds it open, or a kill came between."""


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
    identifiers, rows = _held(business, text)
    counts = {name: len(found) for name, found in rows.items()}
    return Found(identifiers, counts, tuple(files_that_mention(business, identifiers)))


def export(business: Business, text: str) -> dict[str, Any]:
    """Everything that is held about the person: identifiers, and the rows that name them, all versions, by fact."""
    identifiers, rows = _held(business, text)
    return {"identifiers": [str(one) for one in identifiers], **rows}


def _held(business: Business, text: str) -> tuple[tuple[Identifier, ...], dict[str, list[dict[str, Any]]]]:
    with collecting(business) as live:
        live.loader.load_all()
    identifiers = tuple(known.identifier for known in person(business, text).identifiers)
    return identifiers, export_person(business.warehouse, identifiers)


def erase(business: Business, found: Found, *, progress: Progress | None = None) -> tuple[Erased, bool]:
    """Take the person out of the facts, the log, the decisions and the derived tables, and remember that they were erased.

    What was taken out, and whether the last traces have left the warehouse's file: beside a running server they go when it
    stops. A kill in between leaves the person findable, or the rest to ``finish_erasures``: run the command again.
    """
    own = business.folder / OWN_FOLDER

    def tell(what: Text, share: float) -> None:
        if progress:
            progress(what, share)

    tell(Text("taking out the rows", "убираем строки"), 0.1)
    Tombstones(own / TOMBSTONES_FILE).add(found.identifiers, now())  # first: what is half erased must not come back
    (own / UNFINISHED_FILE).touch()
    with collecting(business) as live:
        end = live.roll()
        with building, live.loader.lock:
            erased = erase_person(
                business.warehouse, live.log, live.plan, found.identifiers, loaded=live.loader.position, until=end
            )
    business.state.identity_decisions.forget({(one.kind, one.value) for one in found.identifiers})
    is_whole = not is_served(business.folder)
    if is_whole:
        tell(Text("writing the warehouse anew", "переписываем хранилище"), 0.4)
        finish_erasures(business)
    tell(Text("building", "сборка"), 0.7)
    business.build(full=True)
    return erased, is_whole


def finish_erasures(business: Business) -> None:
    """Write the warehouse anew where deleted rows are still in its file. Nobody else may hold it. Nothing to do is nothing done."""
    unfinished = business.folder / OWN_FOLDER / UNFINISHED_FILE
    if unfinished.exists():
        business.close()
        rewrite_warehouse(business.folder / OWN_FOLDER)
        unfinished.unlink()


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
