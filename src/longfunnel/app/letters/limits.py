"""What may be set up: a name, recipients, a language. The mistakes of a form are told together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.state import Alert, Subscription, User

MOST_RECIPIENTS = 20
NOT_YET = Text("It cannot be set up yet:", "Пока не настроить:")
"""Begins the mistakes of a form."""
_LONGEST_NAME = 80
_ADDRESS = re.compile(r"[^@\s,;:<>()\[\]\"\\]{1,64}@[^@\s,;:<>()\[\]\"\\]{1,250}")
_BETWEEN = re.compile(r"[\s,;]+")


class LetterError(LongfunnelError):
    """A subscription or an alert that cannot be set up or changed."""

    code = "letter"


def read_recipients(text: str) -> tuple[str, ...]:
    """Addresses as people type them: with commas, semicolons, spaces or lines between; each once."""
    return tuple(dict.fromkeys(one.lower() for one in _BETWEEN.split(text) if one))


def name_mistakes(name: str) -> list[Text]:
    """What is wrong with a name, whose outer and double spaces are gone."""
    if not name:
        return [
            Text(
                "It has no name: name it after what it tells, as «Paid channels, weekly».",
                "Нет названия: назовите по сути, например «Платные каналы за неделю».",
            )
        ]
    if len(name) <= _LONGEST_NAME:
        return []
    return [
        Text(
            "The name is {count} characters long; the longest is {most}.",
            "Название слишком длинное, знаков: {count}, а можно не больше {most}.",
        ).format(count=len(name), most=_LONGEST_NAME)
    ]


def recipient_mistakes(user: User, recipients: tuple[str, ...]) -> list[Text]:
    """What is wrong with recipients. Owners and analysts send to anybody, the others to themselves: numbers leave the business
    only by those who look after them."""
    if not recipients:
        return [Text("It has no recipients.", "Нет получателей.")]
    mistakes = [
        Text("«{one}» is not an e-mail address.", "«{one}» — не адрес почты.").format(one=one)
        for one in recipients
        if not _ADDRESS.fullmatch(one)
    ]
    if len(recipients) > MOST_RECIPIENTS:
        mistakes.append(
            Text(
                "There are {count} recipients; the most is {most}.",
                "Слишком много получателей: {count}, а можно не больше {most}.",
            ).format(count=len(recipients), most=MOST_RECIPIENTS)
        )
    if user.role not in ("owner", "analyst") and set(recipients) != {user.email}:
        mistakes.append(
            Text(
                "With your role letters go to yourself alone: {email}.",
                "С вашей ролью письма можно отправлять только себе: {email}.",
            ).format(email=user.email)
        )
    return mistakes


def may_change(user: User, about: Subscription | Alert) -> bool:
    """Whether the user may see and change it: their own; an owner everybody's."""
    return user.role == "owner" or about.user_id == user.id
