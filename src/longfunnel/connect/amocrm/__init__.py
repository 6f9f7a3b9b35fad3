"""amoCRM and Kommo: deals, their stages, deletions and the requests that wait, by the API of version 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.connect._engine import Connector, Option, Rate, Stream
from longfunnel.connect.amocrm import _deals, _deletions, _requests, _stages
from longfunnel.connect.amocrm._access import CREDENTIALS, OAUTH, WAYS, classify, sign
from longfunnel.connect.amocrm._hook import EVENTS, HOOK
from longfunnel.connect.amocrm._names import optional, pipelines_of, text
from longfunnel.connect.amocrm._paging import Listing
from longfunnel.connect.amocrm._values import table
from longfunnel.connect.amocrm._write_back import WRITE_BACK, current, ensure_field, update
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longfunnel.connect._engine import Api, Record

__all__ = ["CONNECTOR", "current", "ensure_field", "update"]


async def _check(api: Api, options: Mapping[str, Any]) -> list[Record]:  # noqa: ARG001 - it needs none
    """The account answers; its pipelines, their stages, and the fields that a column can be read from."""
    account = table(await api.get("account"))
    pipelines, stages = await pipelines_of(api)
    fields = await optional(Listing(api, "leads/custom_fields", "custom_fields", limit=0))
    return [
        {"option": "subdomain", "value": text(account.get("subdomain")), "title": text(account.get("name")), "currency": text(account.get("currency"))},
        *({"option": "pipelines", "value": of, "title": name} for of, name in pipelines.items()),
        *(
            {"option": "stages", "value": within, "title": stage.name, "pipeline": of, "number": stage.number}
            for (of, within), stage in stages.items()
        ),
        *(
            {"option": "columns", "value": text(field.get("code")) or text(field.get("id")), "title": text(field.get("name")), "type": text(field.get("type"))}
            for field in fields
        ),
    ]  # fmt: skip


CONNECTOR = Connector(
    title=Text("amoCRM / Kommo", "amoCRM / Kommo"),
    base_url="https://{subdomain}.{domain}",
    credentials=CREDENTIALS,
    ways=WAYS,
    streams=(
        Stream(
            "requests",
            Text("Incoming requests", "Неразобранное"),
            ("lead",),
            _requests.read,
            _requests.shape,
            _deals.key,
            _requests.fetch,
        ),
        Stream(
            "contacts",
            Text("Deals of changed contacts", "Сделки изменённых контактов"),
            ("deal", "lead"),
            _deals.read_of_contacts,
            _deals.shape,
            _deals.key,
            _deals.fetch_of_contacts,
        ),
        Stream("deals", Text("Deals", "Сделки"), ("deal", "lead"), _deals.read, _deals.shape, _deals.key, _deals.fetch),
        Stream(
            "deleted",
            Text("Deals in the bin", "Сделки в корзине"),
            ("deal", "lead"),
            _deals.read_deleted,
            _deals.shape,
            _deals.key,
        ),
        Stream("stages", Text("Stage changes", "Переходы по этапам"), ("stage_entry",), _stages.read, _stages.shape, _deals.key),
        Stream(
            "deletions",
            Text("Deletions and restorations", "Удаления и восстановления"),
            ("deal", "lead"),
            _deletions.read,
            _deletions.shape,
            _deals.key,
        ),
    ),
    sign=sign,
    options=(
        Option(
            "subdomain",
            Text("Subdomain", "Поддомен"),
            Text("The first part of the account's address: «shop» of shop.amocrm.ru.", "Начало адреса аккаунта: «shop» из shop.amocrm.ru."),
        ),
        Option(
            "domain",
            Text("Domain", "Домен"),
            Text("amocrm.ru, or kommo.com for accounts outside Russia.", "amocrm.ru; для аккаунтов Kommo kommo.com."),
            default="amocrm.ru",
        ),
        Option(
            "pipelines",
            Text("Pipelines", "Воронки"),
            Text("Ids or names of the pipelines to bring; empty: all.", "Номера или названия нужных воронок; пусто: все."),
            kind="list",
            default=(),
        ),
        Option(
            "deals_are_leads",
            Text("Every deal is a lead", "Каждая сделка — заявка"),
            Text(
                "Count each deal as a lead too, made when the deal was: where requests come into amoCRM and nowhere else.",
                "Считать каждую сделку и заявкой, созданной вместе с ней: если заявки приходят только в amoCRM.",
            ),
            kind="flag",
            default=False,
        ),
        Option(
            "overlap_minutes",
            Text("Overlap, minutes", "Нахлёст, минут"),
            Text("How far before the last place each sync begins, for what came late.", "На сколько раньше прошлого места начинать."),
            kind="number",
            default=10,
        ),
        Option(
            "webhook_events",
            Text("Webhook events", "События вебхуков"),
            Text("What amoCRM is asked to tell of.", "О чём просить amoCRM сообщать."),
            kind="list",
            default=EVENTS,
        ),
    ),
    oauth=OAUTH,
    classify=classify,
    rate=Rate(1, 1 / 6, at_once=2),  # seven a second are allowed; evenly spaced, six and one more never pass that
    hook=HOOK,
    write_back=WRITE_BACK,
    check=_check,
)  # fmt: skip
