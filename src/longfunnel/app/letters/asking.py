"""What a letter is about: the question of a page's address at the letter's time, asked with its owner's rights."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

import msgspec

from longfunnel.app.access.rights import OF_PEOPLE, NotAllowedError, narrowed
from longfunnel.core.calendar import day_in_zone
from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.reports import PERIOD, page_question

if TYPE_CHECKING:
    from datetime import datetime

    from longfunnel.app.answering import Answering
    from longfunnel.core.settings import Language
    from longfunnel.reports import Answer, Question
    from longfunnel.state import Alert, Subscription, User

_MOST_ROWS = 10_000
"""Of the attached workbook."""
_OF_THE_MOMENT = ("since", "until", "compare", "report", PERIOD)


@dataclass(frozen=True)
class Asked:
    """An answer with what a letter says of it."""

    answer: Answer
    question: Question
    """Before the owner's rights narrowed it."""
    owner: User
    language: Language
    path: str
    """The page that shows the same, with its parameters: where the letter's button leads on our server."""


def question_of(query: str, answering: Answering, at: datetime, *, with_today: bool = False) -> Question:
    """The question of a query string (``report`` is in it) at a UTC instant.

    Named periods end with the last whole day, unless ``with_today``: at nine in the morning «7 days» are those up to
    yesterday, and on the first «this month» is all of the month before. «Last month» and «last quarter» are what they are
    called. Raises QuestionError.
    """
    zone = answering.settings.business.zone
    pairs = parse_qsl(query, keep_blank_values=True)
    day, newest = day_in_zone(at, zone), answering.last_day()
    is_named_last = dict(pairs).get(PERIOD, "").startswith("last_")
    whole = day if with_today or is_named_last else day - timedelta(days=1)
    question = page_question(pairs, "", min(newest, whole), zone)
    if question.report in OF_PEOPLE:
        raise QuestionError(
            Text("Rows of single people are not sent by e-mail.", "Строки об отдельных людях почтой не отправляются.")
        )
    return question


def asked_for(answering: Answering, about: Subscription | Alert, at: datetime, *, with_today: bool = False) -> Asked:
    """The answer to its question at ``at``, with its owner's rights of now.

    Raises NotAllowedError when the owner may not ask it any more, QuestionError when it cannot be asked, NothingYetError
    while there is no data.
    """
    owner = owner_of(answering, about)
    language: Language = "ru" if about.language == "ru" else "en"
    question = question_of(about.query, answering, at, with_today=with_today)
    limit = min(question.limit or _MOST_ROWS, _MOST_ROWS)
    answer = answering.ask(narrowed(owner, msgspec.structs.replace(question, limit=limit)), language)
    return Asked(answer, question, owner, language, page_of(about.page, about.query, question))


def owner_of(answering: Answering, about: Subscription | Alert) -> User:
    """Whose it is. Raises NotAllowedError for an account that is closed."""
    owner = answering.business.state.users.get(about.user_id)
    if owner is None or owner.is_disabled:
        raise NotAllowedError(
            Text(
                "The account that this belongs to is closed, so nothing is sent for it.",
                "Аккаунт, от имени которого это настроено, закрыт, поэтому писем нет.",
            ),
            hint=Text("Make it anew as yourself.", "Настройте заново от своего имени."),
        )
    return owner


def page_of(page: str, query: str, question: Question) -> str:
    """The page's address on the days of the question, so that it shows what the letter says."""
    kept = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key not in _OF_THE_MOMENT]
    days = [(name, value.isoformat()) for name in ("since", "until") if (value := getattr(question, name))]
    period = days or [(PERIOD, "all")]
    return f"{page}?{urlencode([*period, ('compare', question.compare), *kept])}"
