"""The stages of the long funnel: what each is called, which this business has, and which stage of the CRM feeds which of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Any

from longfunnel.app.crm_stages import CrmStage, Fed, Feeds, crm_stages, fed_by, moved
from longfunnel.app.settings_file import change_settings, new_row, rows_of, set_values
from longfunnel.core.errors import LongfunnelError, SettingsError
from longfunnel.core.stages import LONGEST_NAME, STAGES, Stage, shown_stages
from longfunnel.core.text import Text
from longfunnel.metrics import metrics
from longfunnel.web.pages._settings.nav import sections

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar import Response

    from longfunnel.web.visit import Visit

_SPEND = Text("rows of ad spend", "строки рекламного расхода")
_FROM = {
    "impressions": _SPEND,
    "clicks": _SPEND,
    "visits": Text("events of your site, or visits of web analytics", "события сайта или визиты из веб-аналитики"),
    "leads": Text(
        "forms, calls, chats and leads of the CRM; one request once",
        "формы, звонки, чаты и лиды CRM; одно обращение — один раз",
    ),
    "qualified_leads": Text(
        "the lead's own mark, or the CRM stages chosen below", "отметка самого лида или этапы CRM, выбранные ниже"
    ),
    "deals": Text("deals of the CRM", "сделки CRM"),
    "orders": Text(
        "won deals, payments, purchases; with one order id they are one",
        "выигранные сделки, оплаты и покупки; с одним номером — один заказ",
    ),
    "repeat_orders": Text("the person's second order and on", "второй и следующие заказы человека"),
}
"""What each stage of the long funnel is counted from."""
_NO_PIPELINE = Text("Without a pipeline", "Без воронки")
_UNSEEN = Text("Named in the settings", "Названы в настройках")
_OUTCOMES = ("won", "lost")
Pipelines = list[tuple[str, list[CrmStage]]]
"""The CRM's pipelines, each with its stages in order."""


def show(visit: Visit, *, mistake: str = "", typed: tuple[Stage, ...] | None = None) -> Response[Any]:
    """The page. ``typed`` is what a form said that could not be saved, with the ``mistake`` in it."""
    feeds = Feeds.of(visit.settings.counting)
    return visit.show(
        "pages/settings_stages.html",
        title=visit.text(Text("Stages", "Этапы воронки")),
        sections=sections(visit, "stages"),
        stages=_named(visit, visit.settings.stage if typed is None else typed),
        longest=LONGEST_NAME,
        pipelines=_with_chosen(visit, _pipelines(visit), feeds),
        feeds=feeds,
        saved=visit.parameter("_saved"),
        wrong="" if not mistake else "feeds" if typed is None else "names",
        mistake=mistake,
        status=400 if mistake else 200,
    )


def save_names(visit: Visit) -> Response[Any]:
    """Write what the stages are called and which are left out."""
    typed = tuple(_typed(visit, name) for name in STAGES)
    try:
        change_settings(visit.business, lambda document: _write_names(document, typed))
    except SettingsError as error:
        return show(visit, mistake=error.to(visit.language), typed=typed)
    visit.audit("settings_changed", "stages")
    return visit.redirect("/settings/stages?_saved=names")


def save(visit: Visit) -> Response[Any]:
    """Show what the chosen CRM stages would change, or apply them; stages that the form does not show stay as they were."""
    before, after = Feeds.of(visit.settings.counting), _sent(visit)
    back = visit.posted("next")
    back = back if back.startswith("/connect/") else "/settings/stages"
    if visit.posted("apply") != "1":
        return _preview(visit, before, after, back)
    values = {f"{name}_stages": sorted(stages) for name, stages in after._asdict().items()}
    try:
        change_settings(
            visit.business, lambda document: set_values(document, "counting", values, {name: [] for name in values})
        )
    except SettingsError as error:
        return show(visit, mistake=error.to(visit.language))
    visit.audit("settings_changed", "stages")
    visit.site.answering.refresh()
    return visit.redirect(back if back.startswith("/connect/") else "/settings/stages?_saved=feeds")


def by_pipeline(stages: Iterable[CrmStage]) -> Pipelines:
    """The stages under their pipelines. A name stands once: what it feeds is the same in every pipeline."""
    seen: set[str] = set()
    first = [stage for stage in stages if not (stage.name in seen or seen.add(stage.name))]  # type: ignore[func-returns-value]
    return [(pipeline, list(group)) for pipeline, group in groupby(first, lambda stage: stage.pipeline)]


def _typed(visit: Visit, name: str) -> Stage:
    """One stage as the form says it; our own name is none of the business's."""
    ours = metrics()[name].title
    en, ru = (" ".join(visit.posted(f"{language}_{name}").split()) for language in ("en", "ru"))
    return Stage(
        name, "" if en == ours.en else en, "" if ru == ours.ru else ru, is_hidden=not visit.posted(f"shown_{name}")
    )


def _write_names(document: Any, typed: tuple[Stage, ...]) -> None:
    """Put the stages into ``[[stage]]``; one that is as ours is not written, and what a person wrote beside the others stays."""
    rows = rows_of(document, "stage")
    for stage in typed:
        said = {"en": stage.en, "ru": stage.ru, "is_hidden": stage.is_hidden or None}
        row = next((one for one in rows if one.get("metric") == stage.metric), None)
        if not any(said.values()):
            if row is not None:
                rows.remove(row)
            continue
        if row is None:
            rows.append(new_row({"metric": stage.metric, **said}))
            continue
        for key, value in said.items():
            if value:
                row[key] = value
            elif key in row:
                del row[key]
    if not len(rows):
        del document["stage"]


def _named(visit: Visit, stages: tuple[Stage, ...]) -> list[dict[str, Any]]:
    """The stages as the form shows them."""
    own = {stage.metric: stage for stage in stages}
    shown, ours = shown_stages(stages), metrics()
    return [
        {
            "name": name,
            "title": ours[name].title,
            "said": own.get(name, Stage(name)),
            "is_shown": name in shown,
            "from": visit.text(_FROM[name]),
        }
        for name in STAGES
    ]


def _sent(visit: Visit) -> Feeds:
    """What the form says: ``shown`` and ``outcome`` are of one stage each, place by place."""

    def every(name: str) -> list[str]:
        get = getattr(visit.form, "getall", None)
        return [str(one) for one in get(name, [])] if get else []

    before, outcome = Feeds.of(visit.settings.counting), dict(zip(every("shown"), every("outcome"), strict=False))
    ticked = frozenset(every("qualified")) & outcome.keys()
    return Feeds(
        before.qualified - outcome.keys() | ticked,
        *(
            stages - outcome.keys() | {stage for stage, said in outcome.items() if said == name}
            for name, stages in zip(_OUTCOMES, before[1:], strict=True)
        ),
    )


def _preview(visit: Visit, before: Feeds, after: Feeds, back: str) -> Response[Any]:
    changed = moved(before, after)
    standing: dict[str, int] = {}
    for one in _crm_stages(visit):
        standing[one.name] = standing.get(one.name, 0) + one.standing
    return visit.show(
        "pages/settings_stages_preview.html",
        title=visit.text(Text("What will change", "Что изменится")),
        sections=sections(visit, "stages"),
        changed=[(name, standing.get(name, 0), _words(visit, before, name), _words(visit, after, name)) for name in changed],
        numbers=_numbers(visit, before, after) if changed else [],
        sent=[(name, name in after.qualified, _outcome(after, name)) for name in changed],
        back=back,
    )  # fmt: skip


def _numbers(visit: Visit, before: Feeds, after: Feeds) -> list[tuple[str, str, str, str]]:
    """What the long funnel counts now, what it will, and the difference; nothing while there are no data."""
    try:
        cursor = visit.cursor()
    except LongfunnelError:
        return []
    try:
        now, then = fed_by(cursor, before), fed_by(cursor, after)
    finally:
        cursor.close()
    titles = {
        "qualified_leads": visit.metrics["qualified_leads"].title,
        "won": Text("Won deals", "Выигранные сделки"),
        "won_amount": Text("Amount of won deals", "Сумма выигранных сделок"),
        "lost": Text("Lost deals", "Проигранные сделки"),
        "open": Text("Deals in work", "Сделки в работе"),
    }
    return [(visit.text(title), *_difference(visit, name, now, then)) for name, title in titles.items()]


def _difference(visit: Visit, name: str, now: Fed, then: Fed) -> tuple[str, str, str]:
    shown = visit.shown

    def written(value: Any) -> str:
        if name != "won_amount" or value is None:
            return shown.count(value)
        return shown.money(value.quantize(Decimal(1))).replace(".00", "").replace(",00", "")

    old, new = getattr(now, name), getattr(then, name)
    change = (new or 0) - (old or 0)
    return written(old), written(new), f"{'+' if change > 0 else '−'}{written(abs(change))}" if change else ""


def _outcome(feeds: Feeds, stage: str) -> str:
    return next((name for name in _OUTCOMES if stage in getattr(feeds, name)), "")


def _words(visit: Visit, feeds: Feeds, stage: str) -> str:
    """What a stage feeds, in words."""
    said = [
        visit.text(text)
        for name, text in (
            ("qualified", Text("qualified lead", "квалифицированный лид")),
            ("won", Text("order", "заказ")),
            ("lost", Text("lost", "проиграна")),
        )
        if stage in getattr(feeds, name)
    ]
    return ", ".join(said) or visit.text(Text("as in the CRM", "как в CRM"))


def _with_chosen(visit: Visit, pipelines: Pipelines, feeds: Feeds) -> Pipelines:
    """The pipelines, and after them the stages that the settings name and no deal has entered yet."""
    known = {stage.name for _, stages in pipelines for stage in stages}
    unseen = visit.text(_UNSEEN)
    named = [CrmStage(unseen, name) for name in sorted(frozenset().union(*feeds) - known)]
    return [*pipelines, (unseen, named)] if named else pipelines


def _pipelines(visit: Visit) -> Pipelines:
    """The CRM's pipelines; one without a name is said to be so."""
    nameless = visit.text(_NO_PIPELINE)
    return by_pipeline(replace(stage, pipeline=stage.pipeline or nameless) for stage in _crm_stages(visit))


def _crm_stages(visit: Visit) -> list[CrmStage]:
    try:
        cursor = visit.cursor()
    except LongfunnelError:
        return []
    try:
        return crm_stages(cursor)
    finally:
        cursor.close()
