"""Doctor of a site: fetch a page as a browser would, and say what is right and wrong with the tracker on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from longfunnel.app.doctor import Finding
from longfunnel.app.serving.up import tracker_tag
from longfunnel.app.sites.page_policy import refusals
from longfunnel.app.sites.page_tags import PageTags
from longfunnel.app.sites.trial import trial_findings
from longfunnel.collect.calls.lending import spellings
from longfunnel.collect.plan import Plan, allows
from longfunnel.core.errors import QuestionError, did_you_mean
from longfunnel.core.text import Text, spoken
from longfunnel.warehouse.identifiers import normalise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longfunnel.app.business import Business
    from longfunnel.app.sites.page_tags import Tag
    from longfunnel.core.collecting import Site

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
_ANSWERS = Text("{url} answers {status}.", "{url} отвечает {status}.")


def doctor_site(business: Business, url: str, *, client: httpx.Client | None = None) -> list[Finding]:
    """What is right and wrong with the installation on the page at ``url``, in the order in which a browser would meet it.

    Sends one test event, which is checked as any other and not kept. Raises QuestionError for what is no address.
    """
    url = url if "://" in url else f"https://{url}"
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise QuestionError(
            Text("«{url}» is no address of a page.", "«{url}» — не адрес страницы.").format(url=url),
            hint=spoken("longfunnel doctor site https://shop.example/"),
        )
    plan = Plan(business.settings)
    if client:
        return list(_findings(plan, url, client))
    with httpx.Client(timeout=15, follow_redirects=True, headers={"user-agent": BROWSER}) as own:
        return list(_findings(plan, url, own))


def _findings(plan: Plan, url: str, client: httpx.Client) -> Iterator[Finding]:
    if not plan.sites:
        yield Finding(
            "fault",
            Text("longfunnel.toml has no [[site]].", "В longfunnel.toml нет [[site]]."),
            Text(
                'Add one: [[site]] with name = "shop", and start `longfunnel up`.',
                'Добавьте: [[site]] с name = "shop" — и запустите `longfunnel up`.',
            ),
        )
        return
    try:
        page = client.get(url)
    except httpx.HTTPError as error:
        yield Finding(
            "fault",
            Text("{url} cannot be fetched: {error}.", "{url} не загружается: {error}.").format(url=url, error=error),
            Text(
                "Check the address, and that this machine reaches it.",
                "Проверьте адрес и доступен ли он с этого компьютера.",
            ),
        )
        return
    if page.status_code >= 400:
        yield Finding(
            "fault",
            _ANSWERS.format(url=url, status=page.status_code),
            Text("Name a page that visitors see.", "Назовите страницу, которую видят посетители."),
        )
        return
    address = str(page.url)
    yield Finding("ok", _ANSWERS.format(url=address, status=page.status_code))
    html = PageTags(address)
    html.feed(page.text)
    if not html.tags:
        advice = Text(
            "Put this line into the <head> of every page: {tag}", "Вставьте эту строку в <head> каждой страницы: {tag}"
        ).format(tag=tracker_tag(plan, plan.sites[0].name, "https://YOUR-COLLECTOR"))
        if "googletagmanager.com/gtm.js" in page.text:
            advice += Text(
                " The page has Google Tag Manager: a tag that it adds cannot be seen here.",
                " На странице есть Google Tag Manager: тег, который добавляет он, отсюда не виден.",
            )
        none = Text(
            "The page has no tag of the tracker (a script …/lf.js).", "На странице нет тега счётчика (скрипт …/lf.js)."
        )
        yield Finding("fault", none, advice)
        return
    policies = [*page.headers.get_list("content-security-policy"), *html.policies]
    seen: set[tuple[str, str]] = set()
    for tag in html.tags:
        if (tag.host, tag.site) in seen:
            yield Finding(
                "warning",
                Text("The tag of «{site}» is on the page twice.", "Тег «{site}» стоит на странице дважды.").format(
                    site=tag.site
                ),
                Text("Leave one: the tracker ignores the other.", "Оставьте один: второй счётчик не замечает."),
            )
            continue
        seen.add((tag.host, tag.site))
        yield from _tag(plan, tag, address, policies, page.text, client)


def _tag(plan: Plan, tag: Tag, page: str, policies: list[str], text: str, client: httpx.Client) -> Iterator[Finding]:
    names = [site.name for site in plan.sites]
    site = plan.site_named(tag.site)
    if site is None:
        wrong = Text(
            'The tag says data-site="{site}", and there is no such [[site]].',
            'В теге стоит data-site="{site}", а такого [[site]] нет.',
        ).format(site=tag.site)
        advice = Text(
            "Known: {names}. Mend the tag or longfunnel.toml.", "Есть: {names}. Поправьте тег или longfunnel.toml."
        )
        yield Finding("fault", wrong + did_you_mean(tag.site, names), advice.format(names=", ".join(names)))
        return
    there = Text("The tag is there: site «{site}», collector {host}.", "Тег на месте: сайт «{site}», сборщик {host}.")
    yield Finding("ok", there.format(site=site.name, host=tag.host))
    if page.startswith("https:") and tag.host.startswith("http:"):
        yield Finding(
            "fault",
            Text(
                "The page is https and the collector {host} is http: browsers block it.",
                "Страница — https, а сборщик {host} — http: браузеры его не пустят.",
            ).format(host=tag.host),
            Text(
                "Put TLS before the collector, and https:// into the tag.",
                "Поставьте перед сборщиком TLS, а в тег — https://.",
            ),
        )
    for directive in refusals(policies, tag.src, page, nonce=tag.nonce):
        origin = f"{urlsplit(tag.host).scheme}://{urlsplit(tag.host).netloc}"
        yield Finding(
            "fault",
            Text(
                "The page's Content-Security-Policy ({directive}) forbids {origin}.",
                "Content-Security-Policy страницы ({directive}) запрещает {origin}.",
            ).format(directive=directive, origin=origin),
            Text("Add {origin} to {directive}.", "Добавьте {origin} в {directive}.").format(
                directive=directive, origin=origin
            ),
        )
    origin = f"{urlsplit(page).scheme}://{urlsplit(page).netloc}"
    if not allows(site, origin):
        yield Finding(
            "fault",
            Text(
                "[[site]] «{site}» origins does not have {origin}: its events are refused.",
                "В origins у [[site]] «{site}» нет {origin}: события оттуда не принимаются.",
            ).format(site=site.name, origin=origin),
            Text('Add "{origin}".', 'Добавьте "{origin}".').format(origin=origin),
        )
    if tag.consent not in ("full", "cookieless", "none"):
        yield Finding(
            "warning",
            Text('data-consent="{consent}" means nothing.', 'data-consent="{consent}" ничего не значит.').format(
                consent=tag.consent
            ),
            Text("It can be full, cookieless or none.", "Может быть full, cookieless или none."),
        )
    elif tag.consent == "none":
        yield Finding(
            "ok",
            Text(
                'data-consent="none": nothing is sent until the page calls lf.consent("full") or lf.consent("cookieless").',
                'data-consent="none": ничего не отправляется, пока страница не вызовет lf.consent("full") или lf.consent("cookieless").',
            ),
        )
    yield from _numbers(plan, site, tag, text)
    try:
        script, ready = client.get(tag.src), client.get(f"{tag.host}/ready")
    except httpx.HTTPError as error:
        yield Finding(
            "fault",
            Text("The collector {host} cannot be reached: {error}.", "Сборщик {host} недоступен: {error}.").format(
                host=tag.host, error=error
            ),
            Text(
                "Start it with `longfunnel up`, and check the proxy and the name in DNS.",
                "Запустите его командой `longfunnel up` и проверьте прокси и имя в DNS.",
            ),
        )
        return
    if script.status_code != 200 or b"data-site" not in script.content:
        yield Finding(
            "fault",
            Text(
                "{src} answers {status}, and not with the tracker.", "{src} отвечает {status}, и это не счётчик."
            ).format(src=tag.src, status=script.status_code),
            Text(
                "Let the proxy pass everything of that host to the collector.",
                "Пусть прокси передаёт сборщику всё, что приходит на этот адрес.",
            ),
        )
        return
    if ready.status_code != 200:
        yield Finding(
            "fault",
            Text("The collector is not ready ({status}): {said}", "Сборщик не готов ({status}): {said}").format(
                status=ready.status_code, said=ready.text[:200]
            ),
            Text(
                "Look at its log; nothing is lost while it answers 503, visitors' browsers try again.",
                "Посмотрите его журнал; пока он отвечает 503, ничего не теряется: браузеры посетителей повторят.",
            ),
        )
    yield from trial_findings(site, tag, page, origin, client)


def _numbers(plan: Plan, site: Site, tag: Tag, text: str) -> Iterator[Finding]:
    if not plan.pool(site.name):
        return
    if "numbers" not in tag.load.split():
        yield Finding(
            "warning",
            Text(
                "«{site}» has tracking numbers, and the tag does not load them.",
                "У «{site}» есть подменные номера, а тег их не загружает.",
            ).format(site=site.name),
            Text('Add to the tag: data-load="behaviour numbers"', 'Добавьте в тег: data-load="behaviour numbers"'),
        )
    plain = re.sub(r"&nbsp;|&#160;", " ", text)
    numbers = [normalise("phone", number, plan.country) for number in site.numbers.replaces]
    if (
        numbers
        and not site.numbers.selector
        and not any(number and re.search(spellings(number), plain) for number in numbers)
    ):
        yield Finding(
            "warning",
            Text(
                "None of numbers.replaces is in the page's text.",
                "Ни одного номера из numbers.replaces в тексте страницы нет.",
            ),
            Text(
                "That is right if a script of the page writes it; else see how the page spells it.",
                "Это верно, если номер пишет скрипт страницы; иначе посмотрите, как он там написан.",
            ),
        )
