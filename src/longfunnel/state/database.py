"""Opens the state database: a SQLite file by default, PostgreSQL by URL. Its schema follows Alembic migrations."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.orm import sessionmaker

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text
from longfunnel.state.access import OneTimeLinks, RecoveryCodes, Sessions
from longfunnel.state.access_tokens import AccessTokens
from longfunnel.state.alerts import Alerts
from longfunnel.state.api_keys import ApiKeys
from longfunnel.state.audit import Audit
from longfunnel.state.connections import Connections
from longfunnel.state.identity_decisions import IdentityDecisions
from longfunnel.state.jobs import Jobs
from longfunnel.state.letters import Letters
from longfunnel.state.saved_views import SavedViews
from longfunnel.state.sealed import Sealed
from longfunnel.state.share_links import ShareLinks
from longfunnel.state.subscriptions import Subscriptions
from longfunnel.state.users import Users

if TYPE_CHECKING:
    from pathlib import Path

FILE = "state.db"


class StateError(LongfunnelError):
    """The state database cannot be opened: unreachable, damaged, or made by a newer version."""

    code = "state"


class State:
    """The program's own database, open. Close it to let go of its connections."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        sessions = sessionmaker(engine, expire_on_commit=False)
        self.identity_decisions = IdentityDecisions(sessions)
        self.api_keys = ApiKeys(sessions)
        self.users = Users(sessions)
        self.sessions = Sessions(sessions)
        self.one_time_links = OneTimeLinks(sessions)
        self.recovery_codes = RecoveryCodes(sessions)
        self.access_tokens = AccessTokens(sessions)
        self.share_links = ShareLinks(sessions)
        self.saved_views = SavedViews(sessions)
        self.subscriptions = Subscriptions(sessions)
        self.alerts = Alerts(sessions)
        self.letters = Letters(sessions)
        self.connections = Connections(sessions)
        self.jobs = Jobs(sessions)
        self.sealed = Sealed(sessions)
        self.audit = Audit(sessions)

    def close(self) -> None:
        """Let go of the database's connections."""
        self._engine.dispose()


def open_state(folder: Path, url: str = "") -> State:
    """The state database, made and migrated if need be: ``state.db`` in ``folder``, or what ``url`` names (postgresql://…).

    Raises StateError when it cannot be reached or was made by a newer version.
    """
    try:
        engine = _engine(folder, url)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        hint = Text(
            "Install its driver: pip install 'longfunnel[postgresql]'.",
            "Поставьте драйвер: pip install 'longfunnel[postgresql]'.",
        )
        raise StateError(
            Text(
                "The address of the state database cannot be used: {error}.",
                "Адрес базы состояния не подходит: {error}.",
            ).format(error=error),
            hint=hint if isinstance(error, ImportError) else "",
        ) from error
    where = engine.url.render_as_string(hide_password=True)
    try:
        _migrate(engine)
    except CommandError as error:
        engine.dispose()
        raise StateError(
            Text(
                "The state database {where} was made by a newer version of Longfunnel.",
                "База состояния {where} сделана более новой версией Longfunnel.",
            ).format(where=where),
            hint=Text("Install that version or a later one.", "Поставьте её или более позднюю."),
        ) from error
    except SQLAlchemyError as error:
        engine.dispose()
        reason = str(getattr(error, "orig", None) or error).strip()
        raise StateError(
            Text(
                "The state database {where} cannot be opened: {reason}.",
                "База состояния {where} не открывается: {reason}.",
            ).format(where=where, reason=reason),
            hint=Text(
                "Check its address, or restore it from a backup.",
                "Проверьте её адрес или восстановите из резервной копии.",
            ),
        ) from error
    return State(engine)


def _engine(folder: Path, url: str) -> Engine:
    if not url:
        folder.mkdir(parents=True, exist_ok=True)
        engine = create_engine(f"sqlite:///{folder / FILE}")
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    address = make_url(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    return create_engine(address, pool_pre_ping=True)


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # a reader never blocks the writer, and a second writer waits instead of failing
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: an erased person leaves no bytes


def _migrate(engine: Engine) -> None:
    with as_file(files("longfunnel.state") / "migrations") as scripts, engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
