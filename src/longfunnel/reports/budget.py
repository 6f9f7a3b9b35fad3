"""Budget: what each channel's spend brings, what its last unit of money brings, and how to share the same money out better.

Each channel has a curve of its own weeks, where they can carry one. Money is moved between the channels that have one, within
limits, until the last unit brings the same everywhere; a channel without a curve keeps what it has. All sums are per week.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from longfunnel.core.errors import QuestionError, must_be
from longfunnel.core.money import amount, show_number
from longfunnel.core.text import Text
from longfunnel.dimensions import dimension
from longfunnel.metrics import metrics
from longfunnel.reports._clients.customers import whole_number
from longfunnel.reports._engine.answer import Answer, Caveat
from longfunnel.reports._engine.caveats import caveats_of
from longfunnel.reports._engine.freshness import freshness
from longfunnel.reports._engine.report import Report
from longfunnel.reports._forecast.budget import Advice, Limits, Plan, Point, advise, points_of, try_advice
from longfunnel.reports._forecast.budget_columns import columns_of, points_columns_of
from longfunnel.reports._forecast.channel_weeks import channel_weeks
from longfunnel.reports._funnel.columns import schema_of

if TYPE_CHECKING:
    from longfunnel.reports._engine.context import Context
    from longfunnel.reports._engine.question import Question
    from longfunnel.reports._forecast.channel_weeks import Weeks

_VIEWS: Final = ("advice", "curves")
_SPARE: Final = 0.01
"""The part of a changed budget that may be left over by rounding."""
_CHANGE = re.compile(r"([-+−]?)(\d+(?:[.,]\d+)?)\s*%")

_WHY: Final = {
    "few_weeks": Text("fewer than 26 weeks of spend", "меньше 26 недель расхода"),
    "no_variation": Text("the spend hardly varied", "расход почти не менялся"),
    "no_response": Text("leads do not follow the spend", "лиды не следуют за расходом"),
    "too_wide": Text("the interval is too wide", "интервал слишком широк"),
    "no_peak": Text("no curve fits", "кривая не подбирается"),
    "not_identified": Text("no curve fits", "кривая не подбирается"),
    "no_worth": Text("what its leads are worth is not known", "неизвестно, сколько приносят его лиды"),
}


def answer(context: Context, question: Question) -> Answer:
    """One row per channel that spends, and the total of all of them; or, by option ``view``, one per point of each curve."""
    if len(question.by) != 1 or not ((found := dimension(question.by[0])) and found.is_origin):
        raise QuestionError(
            Text(
                "The budget is shared between the values of one dimension of origin.",
                "Бюджет делится между значениями одного разреза по происхождению.",
            ),
            hint=Text("As --by channel or --by campaign.", "Например, --by channel или --by campaign."),
        )
    view = question.option("view") or "advice"
    if view not in _VIEWS:
        raise QuestionError(must_be("view", view, _VIEWS))
    recent = whole_number(question, "recent", 8, 52)
    limits = Limits(
        move=abs(_part(question, "move", "30%")),
        budget=_part(question, "budget", "0%"),
        least=_sums(question, "min"),
        most=_sums(question, "max"),
        keep=tuple(_names(question.option("keep"))),
    )
    weeks = channel_weeks(context, question)
    _check_names(weeks, limits)
    language = context.settings.business.language
    columns = columns_of(context, question) if view == "advice" else points_columns_of(context, question)
    totals: dict[str, Any] = {}
    caveats: tuple[Caveat, ...] = (Caveat("observed", _OBSERVED),)
    if view == "advice":
        plan = advise(weeks, limits, recent)
        rows = [_row(question.by[0], one, language) for one in plan.channels]
        totals = _totals(rows, plan) if rows else {}
        caveats = _caveats(context, weeks, plan, limits, recent)
    else:
        rows = [_point(question.by[0], point) for point in points_of(weeks, recent)]
    return Answer(
        report=question.report,
        question=question,
        columns=columns,
        table=pa.Table.from_pylist([{c.name: row[c.name] for c in columns} for row in rows], schema_of(columns)),
        totals=totals,
        caveats=caveats_of(context, question, [metrics()[name] for name in ("cost", "leads", "profit")], []) + caveats,
        freshness=freshness(context),
        sql=weeks.sql,
        min_cases=context.settings.counting.min_cases,
        language=language,
        title=REPORT.title,
    )


def _part(question: Question, name: str, usual: str) -> float:
    """``+10%`` as 0.1."""
    text = question.option(name).strip() or usual
    found = _CHANGE.fullmatch(text)
    part = float(found[2].replace(",", ".")) / 100 if found else 9.0
    if found is None or part > 1:
        raise QuestionError(
            Text(
                "{name} is «{text}»; it is a part in per cent, up to 100%, as {usual}.",
                "{name}: нужна доля в процентах до 100%, например {usual}, а не «{text}».",
            ).format(name=name, text=text, usual=usual)
        )
    return -part if found[1] in ("-", "−") else part


def _names(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _sums(question: Question, name: str) -> dict[str, float]:
    """``Paid search: 1000, Display: 0`` as amounts a week by channel."""
    found = {}
    for part in _names(question.option(name)):
        channel, colon, number = part.rpartition(":")
        try:
            found[channel.strip()] = float(number)
        except ValueError:
            colon = ""
        if not colon or found[channel.strip()] < 0:
            raise QuestionError(
                Text(
                    "{name} says «{part}»; write it as Channel:1000, an amount a week.",
                    "{name}: «{part}» не понять; напишите как «Канал:1000» — сумма в неделю.",
                ).format(name=name, part=part)
            )
    return found


def _check_names(weeks: Weeks, limits: Limits) -> None:
    known = {channel.name for channel in weeks.channels}
    unknown = [name for name in (*limits.least, *limits.most, *limits.keep) if name not in known]
    if unknown and known:
        raise QuestionError(
            Text("No spend is known of {names}.", "Расхода нет: {names}.").format(
                names=", ".join(f"«{name}»" for name in unknown)
            ),
            hint=Text("Known: {names}.", "Расход есть: {names}.").format(names=", ".join(sorted(known))),
        )


def _row(cut: str, one: Advice, language: Any) -> dict[str, Any]:
    def money(value: float | None) -> Any:
        return None if value is None else amount(f"{value:.4f}")

    note = "" if one.why == "" else _WHY[one.why].to(language)
    return {
        cut: one.name,
        "spend": money(one.spend),
        "leads": one.leads,
        "worth": money(one.worth),
        **{
            name: None if one.marginal is None else one.marginal[n]
            for n, name in enumerate(("marginal", "marginal_low", "marginal_high"))
        },
        "advised": money(one.advised),
        "change": money(one.advised - one.spend),
        **{
            name: None if one.gain is None else money(one.gain[n])
            for n, name in enumerate(("gain", "gain_low", "gain_high"))
        },
        "note": note or None,
    }


def _point(cut: str, point: Point) -> dict[str, Any]:
    leads = dict(zip(("leads", "leads_low", "leads_high"), point.leads, strict=True))
    money = zip(("spend", "brings", "brings_low", "brings_high"), (point.spend, *point.brings), strict=True)
    return {cut: point.name} | leads | {name: amount(f"{value:.4f}") for name, value in money}


def _totals(rows: list[dict[str, Any]], plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = {"leads": sum(row["leads"] for row in rows)}
    for name in ("spend", "advised", "change", "gain"):
        known = [row[name] for row in rows if row[name] is not None]
        found[name] = sum(known) if known else None
    found |= dict.fromkeys(("worth", "marginal", "marginal_low", "marginal_high", "gain_low", "gain_high"))
    if plan.gain is not None:
        found["gain_low"], found["gain_high"] = (amount(f"{value:.4f}") for value in plan.gain[1:])
    return found


def _caveats(context: Context, weeks: Weeks, plan: Plan, limits: Limits, recent: int) -> tuple[Caveat, ...]:
    curved = [one for one in plan.channels if one.gain is not None]
    if plan.gain is None or (len(curved) < 2 and not limits.budget):
        said = Text(
            "Fewer than two channels have a history that carries a curve: no money can be moved. The last column says why.",
            "Меньше двух каналов имеют историю, по которой можно построить кривую: переносить деньги некуда. Почему — в последней колонке.",
        )
        return (Caveat("no_advice", said, len(curved)),)
    found = [Caveat("observed", _OBSERVED)]
    if limits.budget:
        found += _of_another_budget(context, plan, limits)
    elif plan.is_even:
        said = Text(
            "No move within the limits gains for sure (the 90 % interval of the gain holds 0): the advice is to leave the money where it is.",
            "Ни один перенос в заданных пределах не выгоден наверняка (90-процентный интервал выгоды включает 0): совет — не трогать бюджет.",
        )
        found.append(Caveat("not_sure", said))
    tried = try_advice(weeks, limits, recent)
    if tried is None:
        said = Text(
            "The history is too short to try the advice on the past.",
            "История слишком коротка, чтобы проверить совет на прошлом.",
        )
        return (*found, Caveat("untried", said))
    said = Text(
        "Tried on the past: advice made {weeks} weeks before the end, followed for these weeks instead of doing "
        "nothing, would have brought {gain} {currency} (90 %: {low} … {high}) by the curves of all weeks. The curves of "
        "then expected {expected} leads for what was really spent; {came} came.",
        "Проверка на прошлом: совет, данный за {weeks} нед до конца, дал бы за эти недели против бездействия {gain} "
        "{currency} (90 %: {low} … {high}) по кривым всех недель. Тогдашние кривые ждали при действительном расходе "
        "{expected} лидов; пришло {came}.",
    )
    numbers = {
        name: _whole(value)
        for name, value in (("gain", tried.gain[0]), ("low", tried.gain[1]), ("high", tried.gain[2]))
    }
    said = said.format(
        weeks=tried.weeks,
        currency=context.settings.business.currency,
        expected=round(tried.expected),
        came=round(tried.came),
        **numbers,
    )
    return (*found, Caveat("tried" if tried.gain[0] > 0 else "tried_poor", said))


def _of_another_budget(context: Context, plan: Plan, limits: Limits) -> list[Caveat]:
    """Whether another budget pays at all, how it is shared, and whether all of it finds a place."""
    found, currency = [], context.settings.business.currency
    wanted = limits.budget * sum(one.spend for one in plan.channels)
    placed = sum(one.advised - one.spend for one in plan.channels)
    assert plan.gain is not None  # noqa: S101 - whoever has no curve has no other budget either
    mean, low, high = (_whole(value) for value in plan.gain)
    if plan.gain[1] <= 0:
        said = Text(
            "That this change of the budget pays is not sure: it gains {mean} {currency} a week after its cost, and the 90 % interval "
            "({low} … {high}) holds 0.",
            "Что такое изменение бюджета выгодно, не доказано: выгода за вычетом расхода {mean} {currency} в неделю, и 90-процентный "
            "интервал ({low} … {high}) включает 0.",
        )
        found.append(Caveat("budget_not_sure", said.format(mean=mean, low=low, high=high, currency=currency)))
    if plan.is_even and sum(one.gain is not None for one in plan.channels) > 1:
        said = Text(
            "No other sharing is surely better: every channel with a curve changes by the same part.",
            "Другое распределение не лучше наверняка: все каналы с кривой меняются на одну и ту же долю.",
        )
        found.append(Caveat("shared_evenly", said))
    if abs(wanted - placed) > max(_SPARE * abs(wanted), 1.0):
        said = Text(
            "Of {wanted} {currency} a week, {placed} find a place: only channels with a curve are changed, by {move} % at most.",
            "Из {wanted} {currency} в неделю распределено {placed}: меняются только каналы с кривой, и не больше чем на {move} %.",
        )
        numbers = {"wanted": _whole(wanted), "placed": _whole(placed), "move": f"{100 * limits.move:g}"}
        found.append(Caveat("not_all_placed", said.format(currency=currency, **numbers)))
    return found


def _whole(value: float) -> Text:
    """An amount without its fraction, as each language writes it."""
    return Text(show_number(round(value), "en"), show_number(round(value), "ru"))


_OBSERVED = Text(
    "Curves are observations, not experiments: what else was different in weeks of more spend is taken for its doing. Move in steps, and look.",
    "Кривые — наблюдение, а не эксперимент: всё, чем ещё отличались недели с большим расходом, приписано ему. Двигайте шагами и смотрите.",
)
_AMOUNTS = Text("as Paid Search:1000, Display:0", "например Paid Search:1000, Display:0")

REPORT = Report(
    title=Text("Budget", "Бюджет"),
    meaning=Text(
        "What each channel's spend brings by its own history, and how to share the money out better.",
        "Что приносит расход каждого канала по его истории и как распределить те же деньги лучше.",
    ),
    answer=answer,
    basis="touch",
    by=("channel",),
    options={
        "view": Text(
            "advice; curves: what each channel brings at each spend.",
            "advice — совет; curves — сколько приносит каждый канал при каждом расходе.",
        ),
        "move": Text("How far a channel's spend may move: 30%.", "Насколько можно менять расход канала: 30%."),
        "budget": Text("Change of the whole budget, as +10%: 0%.", "Изменение всего бюджета, например +10%: 0%."),
        "min": Text("Least spend a week by channel, {how}.", "Наименьший расход канала в неделю, {how}.").format(
            how=_AMOUNTS
        ),
        "max": Text("Largest spend a week by channel, {how}.", "Наибольший расход канала в неделю, {how}.").format(
            how=_AMOUNTS
        ),
        "keep": Text("Channels whose spend stays as it is.", "Каналы, расход которых не трогать."),
        "recent": Text(
            "Weeks that the spend of now is the mean of: 8.", "За сколько недель считать нынешний расход: 8."
        ),
    },
    refuses={
        "grain": Text("its sums are per week", "его суммы — за неделю"),
        "metrics": Text("its columns are fixed", "его столбцы заданы"),
        "compare": Text("it tries its advice on the past itself", "он сам проверяет совет на прошлом"),
        "sort": Text("channels stand by name", "каналы идут по названию"),
        "limit": Text("it shows all of them", "он показывает всё"),
    },
)
