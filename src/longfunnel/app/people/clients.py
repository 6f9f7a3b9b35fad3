"""The people behind a type or a segment of clients, as a server asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.app.build import schema_of
from longfunnel.reports import Context

if TYPE_CHECKING:
    from longfunnel.app.answering import Answering
    from longfunnel.reports import Question
    from longfunnel.reports._clients.people import Client


def client_people(answering: Answering, question: Question, which: str, *, limit: int) -> tuple[list[Client], int]:
    """The clients of the type or segment ``which`` (empty: all who have ordered) that the question is about, at most ``limit``;
    and how many there are in all. Raises QuestionError."""
    from longfunnel.reports._clients.people import clients_of  # the models take a while to load

    cursor, schema = answering.cursor(), schema_of(question.as_of)
    try:
        context = Context(cursor, answering.settings, schema, answering.once(schema))
        return clients_of(context, question, which, limit)
    finally:
        cursor.close()
