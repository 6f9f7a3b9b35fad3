"""Times between two steps of a funnel, in bins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from longfunnel.core.errors import QuestionError
from longfunnel.core.text import Text
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.scope import spans
from longfunnel.reports._engine.sql import Statement
from longfunnel.reports._funnel.answer import acts_sql, data_end, funnel_caveats, replace_by, share
from longfunnel.reports._funnel.columns import cut_columns_of, metric_column, schema_of
from longfunnel.reports._funnel.groups import grouped
from longfunnel.reports._funnel.numbers import histogram
from longfunnel.reports._funnel.units import NO_TIME

if TYPE_CHECKING:
    from longfunnel.reports._funnel.reading import Asked


def answer_histogram(given: Asked) -> Answer:
    """One row per bin (and value of the cut): attempts whose time between the two steps falls into it."""
    context, question = given.context, given.question
    first, second = _between(given)
    groups = grouped(given, spans(question)[0])
    names = [*given.by, *([question.grain] if question.grain else [])]
    rows = []
    for key, places in sorted(groups.places.items(), key=lambda item: (-len(item[1]), repr(item[0]))):
        one, two = groups.units.at[places, first], groups.units.at[places, second]
        times = np.abs(two - one)[(one != NO_TIME) & (two != NO_TIME)]
        for from_days, to_days, count in histogram(times):
            row = dict(zip(names, key, strict=True))
            rows.append(
                row | {"from_days": from_days, "to_days": to_days, "count": count, "share": share(count, len(times))}
            )
    columns = (
        *cut_columns_of(given),
        Column("from_days", Text("From", "От"), "days", Text("Start of the bin.", "Начало промежутка."), "dimension"),
        Column(
            "to_days",
            Text("To", "До"),
            "days",
            Text("End of the bin, not in it.", "Конец промежутка, не включая."),
            "dimension",
        ),
        metric_column(
            "count",
            Text("Count", "Количество"),
            "count",
            Text("Attempts with such a time.", "Попыток с таким сроком."),
            "none",
            "",
        ),
        metric_column(
            "share",
            Text("Share", "Доля"),
            "share",
            Text("Of all with both steps.", "От всех, у кого есть оба шага."),
            "none",
            "",
        ),
    )
    return Answer(
        report=question.report,
        question=replace_by(given),
        columns=columns,
        table=pa.Table.from_pylist(rows, schema_of(columns)),
        totals={},
        caveats=funnel_caveats(given, groups, data_end(given)),
        freshness=freshness(context),
        sql=Statement(groups.store.sql(), groups.store.values).runnable() + acts_sql(given),
        language=context.settings.business.language,
        title=Text("Time between steps {a} and {b}", "Срок между шагами {a} и {b}").format(a=first + 1, b=second + 1),
    )


def _between(given: Asked) -> tuple[int, int]:
    """The two steps, from 0."""
    text = given.question.option("histogram")
    last = len(given.funnel.steps)
    found = re.fullmatch(r"\s*(\d+)\s*-\s*(\d+)\s*", text)
    if not found or not 1 <= int(found[1]) < int(found[2]) <= last:
        raise QuestionError(
            Text(
                "histogram is «{text}»; name an earlier and a later one of steps 1 to {last}, as 1-{last}.",
                "histogram: «{text}» не подходит, назовите более ранний и более поздний шаг от 1 до {last}, например 1-{last}.",
            ).format(text=text, last=last)
        )
    return int(found[1]) - 1, int(found[2]) - 1
