"""Cost and visits: how finely spend meets the visits and leads that it brought, and why not more finely.

The rows add up to all of the spend. Visits and leads of any day count: a day's clicks may come back on another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.text import Text
from longfunnel.journeys.reasons import REASONS, Reason
from longfunnel.reports._engine.answer import Answer, Column
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._engine.sql import Parameters, Statement

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question

LEVELS = {
    "ad": Text("by the ad", "по объявлению"),
    "keyword": Text("by the keyword", "по фразе"),
    "ad_group": Text("by the ad group", "по группе объявлений"),
    "campaign": Text("by the campaign", "по кампании"),
    "channel": Text("by the channel only", "только по каналу"),
    "none": Text("not at all", "никак"),
}
"""How finely spend may meet visits, finest first."""


def answer(context: Context, question: Question) -> Answer:
    """One row per level and reason."""
    parameters = Parameters()
    days = [f"day_on >= {parameters.bind('since', question.since)}"] if question.since else []
    days += [f"day_on <= {parameters.bind('until', question.until)}"] if question.until else []
    order = " ".join(f"WHEN '{level}' THEN {place}" for place, level in enumerate(LEVELS))
    statement = Statement(
        f"""WITH placed AS (
  SELECT coalesce(matched, 'none') AS level, coalesce(unmatched, reason) AS reason, cost
  FROM {context.table("spends")}{" WHERE " + " AND ".join(days) if days else ""}
)
SELECT level, reason, count(*) AS rows, CAST(sum(cost) AS DECIMAL(38,4)) AS amount,
  CAST(sum(cost) AS DOUBLE) / nullif(CAST(sum(sum(cost)) OVER () AS DOUBLE), 0) AS share
FROM placed GROUP BY level, reason ORDER BY CASE level {order} END, reason NULLS FIRST""",
        parameters.values,
    )
    table = context.connection.execute(statement.sql, statement.parameters).to_arrow_table()
    language = context.settings.business.language
    rows = table.select(["level", "reason"]).to_pylist()
    known = [REASONS[Reason(row["reason"])] if row["reason"] else None for row in rows]
    words = {
        "title": [LEVELS[row["level"]].to(language) for row in rows],
        "why": [one.title.to(language) if one else None for one in known],
        "advice": [one.advice.to(language) if one else None for one in known],
    }
    for name, values in words.items():
        table = table.append_column(name, [values]) if rows else table.append_column(name, table["reason"])
    columns = _columns(context.settings.business.currency)
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=table.select([column.name for column in columns]),
        totals={"rows": sum(table["rows"].to_pylist()), "amount": sum(v for v in table["amount"].to_pylist() if v)},
        freshness=freshness(context),
        sql=statement.runnable(),
        language=language,
        title=REPORT.title,
    )


def _columns(currency: str) -> tuple[Column, ...]:
    return (
        Column("level", Text("Level", "Уровень"), "text", Text("A code.", "Код."), "dimension", is_code=True),
        Column("title", Text("Meets visits", "Встречает визиты"), "text", kind="dimension"),
        Column("reason", Text("Code", "Код"), "text", Text("Why not more finely: a code.", "Почему не точнее: код."), "dimension", is_code=True),
        Column("why", Text("Why not more finely", "Почему не точнее"), "text", kind="dimension"),
        Column("rows", Text("Rows", "Строк"), "count", unit="count"),
        Column("amount", Text("Spend", "Расход"), "money", unit=currency),
        Column("share", Text("Share", "Доля"), "share"),
        Column("advice", Text("What to do", "Что делать"), "text", kind="dimension"),
    )  # fmt: skip


REPORT = Report(
    title=Text("Cost and visits", "Расходы и визиты"),
    meaning=Text(
        "How finely spend meets the visits and leads that it brought (ad, keyword, ad group, campaign, channel), and why not "
        "more finely.",
        "Насколько точно расход встречает визиты и заявки, которые он привёл (объявление, фраза, группа, кампания, канал), "
        "и почему не точнее.",
    ),
    answer=answer,
    basis="touch",
    refuses={
        "by": Text("its rows are levels and reasons", "его строки — уровни и причины"),
        "grain": Text("its rows are levels and reasons", "его строки — уровни и причины"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("ask twice instead", "задайте вопрос дважды"),
        "filters": Text("all of the spend is shown", "он показывает весь расход"),
        "model": Text("no credit is given", "вклада в нём нет"),
        "window_days": Text("visits of any day count", "в нём считаются визиты за любые дни"),
        "sort": Text("its order is fixed", "его порядок задан"),
    },
)
