"""A rule sent or taken back as one piece of work that says in words what came of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from longfunnel.app.write_back.carrying_out import carry_out, undo
from longfunnel.app.write_back.planning import plan
from longfunnel.core.text import NOTHING, Text, spoken

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.app.write_back.carrying_out import Done
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import WriteBack

_NAMED = 5


def send(business: Business, rule: WriteBack, tell: Progress) -> Text:
    """Plan the rule and carry the plan out; what was written. Raises what ``plan`` and ``carry_out`` raise."""

    async def both() -> Done:
        tell(Text("asking what is there now", "смотрим, что там сейчас"), 0.05)
        return await carry_out(business, await plan(business, rule), tell)

    done = asyncio.run(both())
    if not done.written and not done.conversions and not done.failed:
        return Text("There was nothing to send.", "Отправлять было нечего.")
    said = Text(
        "{values:,} values and {conversions:,} conversions were sent.",
        "Записано значений: {values:,}, отправлено конверсий: {conversions:,}.",
    )
    return said.format(values=done.written, conversions=done.conversions) + _refused(done)


def take_back(business: Business, rule: WriteBack, tell: Progress) -> Text:
    """Put back what stood there before, where what was written stands there still; how much. Raises as ``undo`` does."""
    done = asyncio.run(undo(business, rule, tell))
    said = Text("{values:,} values are as they were.", "Возвращено прежних значений: {values:,}.")
    return said.format(values=done.written) + _refused(done)


def _refused(done: Done) -> Text:
    if not done.failed:
        return NOTHING
    some = "; ".join(f"{record}: {why}" for record, why in list(done.failed.items())[:_NAMED])
    return Text(" The system refused {many:,}: ", " Система отказала: {many:,}. ").format(
        many=len(done.failed)
    ) + spoken(some)
