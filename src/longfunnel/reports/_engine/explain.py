"""«How is this counted?»: a few sentences, the formula, the SQL; for a metric or a model of attribution."""

from __future__ import annotations

from dataclasses import dataclass

from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.stages import Stage  # noqa: TC001
from longfunnel.core.text import Text
from longfunnel.journeys.attribution.models import MODELS, Model
from longfunnel.metrics import Measure, Metric, Ratio, metrics


@dataclass(frozen=True)
class Explanation:
    """How one metric or model is counted."""

    title: Text
    said: tuple[Text, ...]
    """What it says, the date that it belongs to, when it is empty or marked."""
    formula: str
    """In names of metrics; a metric that is counted itself has none."""
    sql: tuple[str, ...]
    """The aggregates that it stands on, each over its subject's rows."""


def explain(name: str, stages: tuple[Stage, ...] = ()) -> Explanation:
    """How the metric or the model of attribution ``name`` is counted, in the words of the settings' ``stages``.

    Raises QuestionError for an unknown one."""
    metric = metrics(stages).get(name)
    if metric is None and name in MODELS:
        return _of_model(MODELS[name])
    if metric is None:
        raise QuestionError(
            Text("There is no metric or model «{name}».", "Показателя или модели «{name}» нет.").format(name=name)
            + did_you_mean(name, [*metrics(), *MODELS]),
            hint=Text("Metrics: {metrics}. Models: {models}.", "Показатели: {metrics}. Модели: {models}.").format(
                metrics=", ".join(metrics()), models=", ".join(MODELS)
            ),
        )
    leaves = _leaves(metric)
    notes = {metrics()[leaf].basis or Text("", ""): leaf for leaf in leaves if leaf in metrics()}
    dates = [
        Text("{title}: {note}", "{title}: {note}").format(title=metrics(stages)[leaf].title, note=note)
        for note, leaf in notes.items()
        if note.en
    ]
    return Explanation(
        metric.title,
        (metric.meaning, *(dates or ([metric.basis] if metric.basis else [])), *_empty(metric)),
        "" if isinstance(metric.how, Measure) else metric.formula,
        tuple(dict.fromkeys(f"{measure.sql} over {measure.subject}" for measure in leaves.values())),
    )


def _of_model(model: Model) -> Explanation:
    shared = Text(
        "A sale counts in parts where several touches have a share of it; the parts of a sale add up to one.",
        "Продажа считается долями, если вклад у нескольких касаний; доли продажи в сумме дают единицу.",
    )
    return Explanation(model.title, (model.meaning, *([] if model.is_whole else [shared])), "", ())


def _empty(metric: Metric) -> list[Text]:
    if not isinstance(metric.how, Ratio):
        return []
    return [
        Text(
            "Empty where the denominator is 0 or unknown; marked where it rests on too few cases.",
            "Пусто, если знаменатель равен 0 или неизвестен; помечено, если случаев слишком мало.",
        )
    ]


def _leaves(metric: Metric) -> dict[str, Measure]:
    """The measures under a metric, by the name of the metric or of its part."""
    match metric.how:
        case Measure():
            return {metric.name: metric.how}
        case Ratio(numerator, denominator):
            parts = [("numerator", numerator), ("denominator", denominator)]
            found = {f"{metric.name} {role}": part for role, part in parts if isinstance(part, Measure)}
        case _:
            found = {}
    for name in metric.uses:
        found |= _leaves(metrics()[name])
    return found
