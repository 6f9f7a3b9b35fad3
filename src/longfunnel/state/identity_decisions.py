"""What people decided about who is who: identifiers cut apart, joined, or told to link nobody. Each can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from sqlalchemy import select

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.state.tables import IdentityDecisionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

Verb = Literal["cut", "join", "block"]


class DecisionError(LongfunnelError):
    """A decision that cannot be taken or undone."""

    code = "decision"


@dataclass(frozen=True)
class Decision:
    """One decision. ``cut``: the two are not one person; ``join``: they are; ``block``: the first links nobody."""

    verb: Verb
    kind_a: str
    value_a: str
    system_a: str
    kind_b: str | None
    value_b: str | None
    system_b: str | None
    decided_by: str
    why: str
    decided_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None
    id: int = 0
    """Its number in the state database; 0 for one that is only being considered."""

    def is_active(self, as_of: datetime | None = None) -> bool:
        """Whether it holds: now, or as decided by that instant (inclusive)."""
        if as_of is None:
            return self.undone_at is None
        return self.decided_at <= as_of and (self.undone_at is None or self.undone_at > as_of)


_FIELDS = tuple(name for name in Decision.__dataclass_fields__ if name not in ("id", "undone_by", "undone_at"))


class IdentityDecisions:
    """The decisions kept in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def all(self) -> list[Decision]:
        """Every decision ever taken, undone ones too, in the order they were taken."""
        with self._sessions() as session:
            return [
                _decision(row) for row in session.scalars(select(IdentityDecisionRow).order_by(IdentityDecisionRow.id))
            ]

    def add(self, decision: Decision) -> Decision:
        """Keep a decision; what comes back has its number. Taking one that already holds gives the one that holds."""
        with self._sessions.begin() as session:
            same = select(IdentityDecisionRow).where(IdentityDecisionRow.undone_at.is_(None))
            for name in ("verb", "kind_a", "value_a", "system_a", "kind_b", "value_b", "system_b"):
                same = same.where(getattr(IdentityDecisionRow, name).is_not_distinct_from(getattr(decision, name)))
            row = session.scalars(same).first()
            if row is None:
                row = IdentityDecisionRow(**{name: getattr(decision, name) for name in _FIELDS})
                session.add(row)
                session.flush()
            return _decision(row)

    def forget(self, identifiers: set[tuple[str, str]]) -> int:
        """Delete the decisions about a person who is erased, given as (kind, value); how many. Their bytes go, too."""
        with self._sessions.begin() as session:
            rows = [
                row
                for row in session.scalars(select(IdentityDecisionRow))
                if {(row.kind_a, row.value_a), (row.kind_b, row.value_b)} & identifiers
            ]
            for row in rows:
                session.delete(row)
        return len(rows)

    def undo(self, number: int, *, by: str, at: datetime) -> Decision:
        """Undo a decision. Raises DecisionError when there is no such decision or it has been undone already."""
        with self._sessions.begin() as session:
            row = session.get(IdentityDecisionRow, number, with_for_update=True)
            if row is None:
                raise DecisionError(
                    Text("There is no decision number {number}.", "Решения № {number} нет.").format(number=number),
                    hint=Text("List them with: longfunnel decisions", "Посмотрите список: longfunnel decisions"),
                )
            if row.undone_at is not None:
                raise DecisionError(
                    Text(
                        "Decision {number} was already undone by {who} at {at:%Y-%m-%d %H:%M} UTC.",
                        "Решение {number} уже отменено: {who}, {at:%d.%m.%Y %H:%M} UTC.",
                    ).format(number=number, who=row.undone_by or Text("somebody", "кто-то"), at=row.undone_at)
                )
            row.undone_by, row.undone_at = by, at
            return _decision(row)


def _decision(row: IdentityDecisionRow) -> Decision:
    values = {name: getattr(row, name) for name in _FIELDS if name != "verb"}
    return Decision(verb=cast("Verb", row.verb), id=row.id, undone_by=row.undone_by, undone_at=row.undone_at, **values)
