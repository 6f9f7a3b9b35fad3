"""Saved views: a page's question under a name, its owner's own or everybody's, and perhaps on the overview."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Text, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from longfunnel.state.account_tables import UserRow
from longfunnel.state.tables import Instant, Table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker


class SavedViewRow(Table):
    """One page's question, kept under a name."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    page: Mapped[str] = mapped_column(Text)
    """The page's name: channels, funnels …"""
    name: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    """The question, as a query string."""
    is_shared: Mapped[bool] = mapped_column()
    """Whether every user sees it; else its owner alone."""
    is_on_overview: Mapped[bool] = mapped_column()
    made_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class SavedView:
    """One saved view, with the name of whoever made it."""

    id: int
    user_id: int
    owner: str
    page: str
    name: str
    query: str
    is_shared: bool
    is_on_overview: bool


class SavedViews:
    """The saved views in the state database."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def save(
        self, user_id: int, page: str, name: str, query: str, *, is_shared: bool = False, is_on_overview: bool = False
    ) -> SavedView:
        """Keep a view; the owner's view of the same page and name is replaced."""
        with self._sessions.begin() as session:
            row = session.scalar(
                select(SavedViewRow).where(
                    SavedViewRow.user_id == user_id, SavedViewRow.page == page, SavedViewRow.name == name
                )
            )
            if row is None:
                row = SavedViewRow(
                    user_id=user_id, page=page, name=name, made_at=datetime.now(UTC).replace(tzinfo=None)
                )
                session.add(row)
            row.query, row.is_shared, row.is_on_overview = query, is_shared, is_on_overview
            session.flush()
            return _view(row, session.get_one(UserRow, user_id))

    def seen_by(self, user_id: int, page: str) -> list[SavedView]:
        """A page's views that a user sees: their own and the shared ones, by name."""
        with self._sessions() as session:
            rows = session.execute(
                select(SavedViewRow, UserRow)
                .join(UserRow, UserRow.id == SavedViewRow.user_id)
                .where(SavedViewRow.page == page, or_(SavedViewRow.user_id == user_id, SavedViewRow.is_shared))
                .order_by(SavedViewRow.name, SavedViewRow.id)
            )
            return [_view(row, user) for row, user in rows]

    def get(self, number: int) -> SavedView | None:
        """One view, or None."""
        with self._sessions() as session:
            row = session.get(SavedViewRow, number)
            return _view(row, session.get_one(UserRow, row.user_id)) if row else None

    def remove(self, number: int) -> None:
        """Forget a view."""
        with self._sessions.begin() as session:
            session.execute(delete(SavedViewRow).where(SavedViewRow.id == number))


def _view(row: SavedViewRow, user: UserRow) -> SavedView:
    return SavedView(row.id, row.user_id, user.name, row.page, row.name, row.query, row.is_shared, row.is_on_overview)
