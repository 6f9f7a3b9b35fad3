"""What can be counted: the derived tables, which of their rows count, and the date that a row belongs to by each basis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from longfunnel.core.text import Text

Basis = Literal["touch", "lead", "payment"]
BASES: tuple[Basis, ...] = get_args(Basis)

OWN_DATE = Text("Always by its own day.", "Всегда по своему дню.")


@dataclass(frozen=True)
class Subject:
    """A kind of thing that is counted. SQL speaks of its row as ``t`` and of the credit that brought it as ``c``."""

    name: str
    table: str
    """The table that its columns are from: what dimensions are defined for."""
    dates: dict[Basis, str]
    """Basis → SQL of the day in the business's zone."""
    note: Text
    """The same in words."""
    credit: str = ""
    """The subject of ``credits`` that says where it came from; empty where the row has its own ``origin_id``, or none."""
    key: str = ""
    """The column that ``credits.subject_key`` names."""
    where: str = ""
    """Which rows count."""
    has_origin: bool = True


def _always(sql: str) -> dict[Basis, str]:
    return dict.fromkeys(BASES, sql)


_DEAL_DATES: dict[Basis, str] = {
    "touch": "coalesce(c.touch_on, t.lead_on, t.created_on)",
    "lead": "coalesce(t.lead_on, t.created_on)",
    "payment": "t.created_on",
}
_ORDER_DATES: dict[Basis, str] = {
    "touch": "coalesce(c.touch_on, t.lead_on, t.ordered_on)",
    "lead": "coalesce(t.lead_on, t.ordered_on)",
    "payment": "coalesce(t.paid_on, t.ordered_on)",
}
_ORDER_NOTE = Text(
    "By touch: the day of the credited touch; by lead: the day of the lead; by payment: the day of the first payment. "
    "An order without a touch or a lead stands on its lead's or its own day.",
    "По касанию: день засчитанного касания; по лиду: день лида; по оплате: день первой оплаты. "
    "Заказ без касания или лида стоит на дне своего лида или на своём.",
)

SUBJECTS: dict[str, Subject] = {
    subject.name: subject
    for subject in (
        Subject("spends", "spends", _always("t.day_on"), OWN_DATE),
        Subject("visits", "visits", _always("t.day_on"), OWN_DATE),
        Subject(
            "leads",
            "leads",
            {"touch": "coalesce(c.touch_on, t.created_on)", "lead": "t.created_on", "payment": "t.created_on"},
            Text(
                "By touch: the day of the credited touch, or of the lead where there is none; by lead and by "
                "payment: the day of the lead.",
                "По касанию: день засчитанного касания, а если его нет — день лида; по лиду и по оплате: день лида.",
            ),
            credit="lead",
            key="lead_key",
            where="t.is_counted IS NOT FALSE AND t.is_deleted IS NOT TRUE",
        ),
        Subject(
            "deals",
            "deals",
            _DEAL_DATES,
            Text(
                "By touch: the day of the credited touch; by lead: the day of the lead; by payment: the day the "
                "deal was made. "
                "A deal without a touch or a lead stands on its lead's or its own day.",
                "По касанию: день засчитанного касания; по лиду: день лида; по оплате: день создания сделки. "
                "Сделка без касания или лида стоит на дне своего лида или на своём.",
            ),
            credit="deal",
            key="deal_key",
            where="t.is_deleted IS NOT TRUE",
        ),
        Subject(
            "closed_deals",
            "deals",
            _DEAL_DATES | {"payment": "coalesce(t.closed_on, t.created_on)"},
            Text(
                "By touch: the day of the credited touch; by lead: the day of the lead; by payment: the day the "
                "deal was closed.",
                "По касанию: день засчитанного касания; по лиду: день лида; по оплате: день закрытия сделки.",
            ),
            credit="deal",
            key="deal_key",
            where="t.is_deleted IS NOT TRUE AND t.status IN ('won', 'lost')",
        ),
        Subject("orders", "orders", _ORDER_DATES, _ORDER_NOTE, credit="order", key="order_key"),
        Subject(
            "buyers",
            "orders",
            _ORDER_DATES,
            Text("The day of the buyer's first order. {rule}", "День первого заказа покупателя. {rule}").format(
                rule=_ORDER_NOTE
            ),
            credit="order",
            key="order_key",
            where="t.order_number = 1",
        ),
        Subject("survey_answers", "survey_answers", _always("t.answered_on"), OWN_DATE, has_origin=False),
    )
}
