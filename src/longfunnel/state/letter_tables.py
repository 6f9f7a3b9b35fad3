"""The tables of what goes out by e-mail: subscriptions, alerts, and the letters of both."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLAlchemy reads the annotations when it runs

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from longfunnel.state.tables import Instant, Table


class SubscriptionRow(Table):
    """A page's question that is answered by e-mail on a schedule."""

    __tablename__ = "subscriptions"
    __table_args__ = (CheckConstraint("every IN ('day', 'week', 'month')", name="every"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    """The page's path: ``/channels``."""
    query: Mapped[str] = mapped_column(Text)
    """The question, as a query string."""
    language: Mapped[str] = mapped_column(Text)
    recipients: Mapped[str] = mapped_column(Text)
    """Addresses, one a line."""
    every: Mapped[str] = mapped_column(Text)
    on_day: Mapped[int] = mapped_column()
    """The ISO weekday of a weekly one, the day of the month of a monthly one (the last, where a month is shorter), else 0."""
    minute: Mapped[int] = mapped_column()
    """Of the day, in the business's zone."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(Text)
    """Why the last time did not work; empty when it did."""


class AlertRow(Table):
    """A number that is watched."""

    __tablename__ = "alerts"
    __table_args__ = (
        CheckConstraint("rule IN ('above', 'below', 'unusual')", name="rule"),
        CheckConstraint("state IN ('unknown', 'normal', 'alarm')", name="state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(Text)
    page: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    recipients: Mapped[str] = mapped_column(Text)
    metric: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    threshold: Mapped[str | None] = mapped_column(Text)
    """A decimal number; none for ``unusual``."""
    made_at: Mapped[datetime] = mapped_column(Instant)
    paused_at: Mapped[datetime | None] = mapped_column(Instant)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(Text)
    reading: Mapped[str] = mapped_column(Text)
    """What the last check found, as JSON; empty before the first."""
    episode: Mapped[int] = mapped_column()
    """How many episodes there were."""
    alarm_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the episode that goes on, or else the last one, began."""
    normal_at: Mapped[datetime | None] = mapped_column(Instant)
    """Since when the number has been normal; none while it is not."""
    trouble: Mapped[str] = mapped_column(Text)


class LetterRow(Table):
    """One letter to one recipient: written down before it is sent, so that it is not lost."""

    __tablename__ = "letters"
    __table_args__ = (CheckConstraint("kind IN ('report', 'alarm', 'normal')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id", ondelete="CASCADE"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text, unique=True)
    """What it is about, when and for whom: the same letter is written down once."""
    kind: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    """What an alert's check found, as JSON; empty for a report."""
    due_at: Mapped[datetime] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column()
    try_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    """When to try next; none when it was sent or given up."""
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(Text)
