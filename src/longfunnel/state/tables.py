"""The tables of the state database. A change here needs a migration in ``migrations/versions``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Instant(TypeDecorator[datetime]):
    """An instant as the program holds it: naive UTC. PostgreSQL keeps it with its zone, SQLite as it is."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Naive UTC to what the database keeps."""
        return value if value is None or dialect.name == "sqlite" else value.replace(tzinfo=UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002 - SQLAlchemy calls it so
        """What the database keeps to naive UTC."""
        return value if value is None or value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)


class Table(DeclarativeBase):
    """What all tables share: names of constraints that a migration can speak of."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class IdentityDecisionRow(Table):
    """One decision of a person about who is who. It is never changed, only undone."""

    __tablename__ = "identity_decisions"
    __table_args__ = (CheckConstraint("verb IN ('cut', 'join', 'block')", name="verb"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verb: Mapped[str] = mapped_column(Text)
    kind_a: Mapped[str] = mapped_column(Text)
    value_a: Mapped[str] = mapped_column(Text)
    system_a: Mapped[str] = mapped_column(Text)
    kind_b: Mapped[str | None] = mapped_column(Text)
    value_b: Mapped[str | None] = mapped_column(Text)
    system_b: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(Instant)
    undone_by: Mapped[str | None] = mapped_column(Text)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class ApiKeyRow(Table):
    """A secret key of another system: only its hash."""

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(Text, unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class ServerSecretRow(Table):
    """The one secret of this installation, from which unguessable addresses are made."""

    __tablename__ = "server_secrets"

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
