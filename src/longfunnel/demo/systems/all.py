"""All the invented systems together, over one company, each at an address of its own."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longfunnel.demo.systems import amocrm, bitrix24, calltouch, telegram_bot, vk_ads, yandex_direct, yandex_metrika
from longfunnel.demo.systems._yandex_oauth import YandexOAuth
from longfunnel.demo.systems.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.demo.systems.company import Company


@dataclass(frozen=True)
class Connected:
    """One system that is served, and what a source's settings need to reach it."""

    name: str
    type: str
    url: str
    app: Any
    """The application, for whoever looks behind the protocol."""
    settings: dict[str, Any] = field(default_factory=dict)


@contextmanager
def all_systems(company: Company) -> Iterator[list[Connected]]:
    """Serve the seven systems meanwhile."""
    vk, calls, bot = vk_ads.Knobs(), calltouch.Knobs(), telegram_bot.Knobs()
    amo = amocrm.Knobs(requests_per_second=0)
    with ExitStack() as opened:

        def up(name: str, kind: str, app: Any, **settings: Any) -> Connected:
            # their limits are far away here: whoever looks at the demo does not want to wait for them
            return Connected(
                name, kind, opened.enter_context(serving(app)), app, {"requests_per_second": 100, **settings}
            )

        yandex = {"credentials.token": YandexOAuth().token}
        portal = {"credentials.webhook": f"https://mebelles.bitrix24.ru/rest/1/{bitrix24.SECRET}/"}
        fields = {"cost_field": "UF_CRM_COST", "reason_lost_field": "UF_CRM_REASON", "order_id_field": "UF_CRM_ORDER"}
        secret = {"credentials.client_id": vk.client_id, "credentials.client_secret": vk.client_secret}
        sites = {"sites": [str(site) for site in calls.sites], "calls_as_leads": "unique"}
        yield [
            up("direct", "yandex_direct", yandex_direct.app(company, yandex_direct.Knobs(requests_in_10_seconds=0)), **yandex),
            up("vk", "vk_ads", vk_ads.app(company, vk), **secret),
            up("metrika", "yandex_metrika", yandex_metrika.app(company, yandex_metrika.Knobs(requests_a_second=0)),
               counters=[str(yandex_metrika.COUNTER)], **yandex),
            up("calltouch", "calltouch", calltouch.app(company, calls), **{"credentials.token": calls.token}, **sites),
            up("telegram", "telegram_bot", telegram_bot.app(company, bot), **{"credentials.token": bot.token}),
            up("bitrix24", "bitrix24", bitrix24.app(company, bitrix24.Knobs(bucket=None)),
               **{"columns.telegram_id": "UF_CRM_TELEGRAM"}, **portal, **fields),
            up("amocrm", "amocrm", amocrm.app(company, amo),
               **{"credentials.token": amo.token, "columns.telegram_id": "Telegram ID"}),
        ]  # fmt: skip
