"""The models of lifetime value fitted to a business's customers, with what speaks against leaning on them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from longfunnel.core.text import Text
from longfunnel.models import gamma_gamma
from longfunnel.models.fitting import FitError
from longfunnel.models.lifetime import PURCHASE_MODELS, PurchaseModel, outlook
from longfunnel.models.purchases import from_days
from longfunnel.reports._clients.customers import WEEK
from longfunnel.reports._engine.answer import Caveat
from longfunnel.reports._engine.remembered import remembered

if TYPE_CHECKING:
    from longfunnel.models.fitting import Fit
    from longfunnel.reports._clients.customers import Customers
    from longfunnel.reports._engine.context import Context

SEED: Final = 20_050_424
"""Chance begins here, so that the same facts give the same answer."""
_RELATED: Final = 0.3
_TITLES: Final = {"bg_nbd": "BG/NBD", "pareto_nbd": "Pareto/NBD"}

_REFUSALS: Final = {
    "few_repeats": Text(
        "Too few customers have bought again ({n}, and {least} are needed) to say who will: what is predicted is empty.",
        "Слишком мало клиентов купили повторно ({n}, а нужно {least}), чтобы судить о будущих покупках: прогноз пуст.",
    ),
    "few_values": Text(
        "The sums of too few customers' orders are known: predicted money is empty.",
        "Суммы заказов известны у слишком немногих клиентов: прогноз денег пуст.",
    ),
    "no_mean": Text(
        "Order values differ so much that their mean has no bound: predicted money is empty.",
        "Суммы заказов различаются так сильно, что их среднее не ограничено: прогноз денег пуст.",
    ),
}
_UNCLEAR: Final = Text(
    "The history of purchases does not tell how often customers buy from how long they stay: what is predicted is empty.",
    "По истории покупок нельзя отличить, как часто клиенты покупают, от того, как долго остаются: прогноз пуст.",
)
_UNCLEAR_VALUES: Final = Text(
    "The order values do not fit the Gamma–Gamma model: predicted money is empty.",
    "Суммы заказов не ложатся на модель Gamma–Gamma: прогноз денег пуст.",
)


@dataclass(frozen=True)
class Fitted:
    """What could be fitted; None where the data does not carry it, and a caveat says why."""

    model: PurchaseModel
    purchases: Fit | None
    worth: Fit | None
    caveats: tuple[Caveat, ...]


def purchases_fit(context: Context, customers: Customers, model: PurchaseModel) -> Fit:
    """The model of purchases on all customers of the business. Raises FitError."""
    least = context.settings.counting.min_cases
    key = ("purchases_fit", model, customers.ends_on, least)
    found: Fit = remembered(context, key, lambda: PURCHASE_MODELS[model].fit(customers.histories, least=least))
    return found


def fit_customers(context: Context, customers: Customers, model: PurchaseModel) -> Fitted:
    """Both models on all customers of the business, with the check on its own past."""
    key = ("fitted", model, customers.ends_on, context.settings.counting.min_cases)
    return remembered(context, key, lambda: _fitted(context, customers, model))


def _fitted(context: Context, customers: Customers, model: PurchaseModel) -> Fitted:
    least = context.settings.counting.min_cases
    caveats: list[Caveat] = []
    purchases = worth = None
    try:
        purchases = purchases_fit(context, customers, model)
        caveats.append(_said(model, purchases, customers))
        caveats += _past(context, customers, model, least)
    except FitError as error:
        said = _REFUSALS.get(error.code, _UNCLEAR).format(n=customers.histories.buyers_again, least=least)
        caveats.append(Caveat("prediction_refused", said, customers.histories.buyers_again))
    known = customers.values.purchases > 0
    if purchases is not None:
        try:
            worth = gamma_gamma.fit(customers.values.purchases[known], customers.values.mean[known], least=least)
            caveats += _related(customers)
        except FitError as error:
            caveats.append(Caveat("money_refused", _REFUSALS.get(error.code, _UNCLEAR_VALUES), int(known.sum())))
    return Fitted(model, purchases, worth, tuple(caveats))


def _said(model: PurchaseModel, fit: Fit, customers: Customers) -> Caveat:
    said = Text(
        "{title}, fitted to all {n} customers to {day}: {values}. One model for all; groups differ by their customers' histories.",
        "{title}, подобрана по всем клиентам ({n}) на {day}: {values}. Модель одна для всех; группы различаются историями клиентов.",
    )
    values = ", ".join(f"{name} {value:.4g}" for name, value in zip(fit.names, fit.values, strict=True))
    count = customers.table.num_rows
    held = Text("", "")
    if fit.is_held:
        held = Text(
            " The history alone leaves a parameter open: a weak prior holds it.",
            " Одна история не определяет какой-то из параметров: его удерживает слабое априорное распределение.",
        )
    said = said.format(title=_TITLES[model], n=count, day=customers.ends_on, values=values)
    return Caveat("fitted", Text("{said}{held}", "{said}{held}").format(said=said, held=held))


def _related(customers: Customers) -> list[Caveat]:
    """Gamma–Gamma takes frequency and value for unrelated."""
    again = customers.values.purchases > 1
    frequency, mean = customers.values.purchases[again], customers.values.mean[again]
    if len(frequency) < 3 or not np.ptp(frequency) or not np.ptp(mean):
        return []
    found = float(np.corrcoef(np.log(frequency), np.log(mean))[0, 1])
    said = Text(
        "Those who buy oftener buy {how} (correlation {r}); Gamma–Gamma takes the two for unrelated, so money is {side}.",
        "Кто покупает чаще, покупает {how} (корреляция {r}); Gamma–Gamma считает их несвязанными, поэтому деньги {side}.",
    )
    more = found > 0
    how = Text("dearer", "дороже") if more else Text("cheaper", "дешевле")
    side = Text("understated", "занижены") if more else Text("overstated", "завышены")
    return (
        [Caveat("values_related", said.format(how=how, r=f"{found:.2f}", side=side))] if abs(found) > _RELATED else []
    )


def _past(context: Context, customers: Customers, model: PurchaseModel, least: int) -> list[Caveat]:
    """Fitted on the first two thirds of the history, what was expected of the last third, and what came."""
    rows = context.connection.execute(
        f"""SELECT person_id, date_diff('day', DATE '1970-01-01', ordered_on) AS day FROM {context.table("orders")}
WHERE person_id IS NOT NULL AND ordered_on IS NOT NULL"""
    ).fetchnumpy()
    who, day = np.asarray(rows["person_id"]), np.asarray(rows["day"], dtype=np.int64)
    first, last = int(day.min()), (customers.ends_on.toordinal() - _EPOCH)
    split = first + (last - first) * 2 // 3
    ids, then = from_days(who, day, split, WEEK)
    try:
        fit = PURCHASE_MODELS[model].fit(then, least=least)
    except FitError:
        return []
    group = np.zeros(len(ids), dtype=np.int64)
    found = outlook(model, fit, then, group, 1, (last - split) / WEEK, np.random.default_rng(SEED)).orders
    later = day > split
    pairs = np.unique(np.column_stack([who[later], day[later].astype(who.dtype)]), axis=0)
    came = int(np.isin(pairs[:, 0], ids).sum())
    said = Text(
        "Check on the past: fitted to {day}, it expected {mean} more orders of these customers by {end} (90 %: {low}–{high}); {came} came.",
        "Проверка на прошлом: по данным на {day} модель ждала от этих клиентов ещё {mean} заказов к {end} (90 %: {low}–{high}); пришло {came}.",
    )
    split_on = customers.ends_on - timedelta(days=last - split)
    numbers = {name: round(float(getattr(found, name)[0])) for name in ("mean", "low", "high")}
    said = said.format(day=split_on, end=customers.ends_on, came=came, **numbers)
    if numbers["low"] <= came <= numbers["high"]:
        return [Caveat("checked", said, came)]
    missed = Text(
        "{said} It missed: do not lean on the prediction.", "{said} Модель промахнулась: не опирайтесь на прогноз."
    )
    return [Caveat("check_missed", missed.format(said=said), came)]


_EPOCH: Final = 719_163
"""The ordinal of 1970-01-01."""
