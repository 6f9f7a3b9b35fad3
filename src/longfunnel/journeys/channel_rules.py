"""The default list of channels as data: which sources and media are known, and the rules in order.

The order is GA4's default channel grouping (Google Analytics help, «Default channel group»), with these differences:
a paid medium is matched strictly (GA4's ``.*cp.*`` also takes "tcpip"), click ids count as paid, sources of the
Russian-speaking market are known, assistants with artificial intelligence have a channel, and words that CRMs write
where a link carries UTM marks are understood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Category = Literal["search", "social", "video", "shopping", "ai", "email", "maps", "network"]

PAID_MEDIUM: Final = (
    r"cpc|ppc|cpm|cpv|cpa|cpl|cpo|cps|cpi|cpp|cpe|paid|paid[-_ ].*|.*[-_ ](paid|cpc|ppc|cpm|cpa|cpv)|(cpc|ppc|cpm|cpa|"
    r"cpv)[-_ ].*|paidsearch|paidsocial|retargeting|remarketing|target|targeted|ads?|adwords|context|контекст|таргет|"
    r"реклама"
)
DISPLAY_MEDIUM: Final = r"display|banner|expandable|interstitial|cpm|media|медийка|баннер|network|rsya|рся|kms|кмс"
SOCIAL_MEDIUM: Final = r"social|social[-_ ]network|social[-_ ]media|sm|smm|соцсети|organic[-_ ]social|post|stories"
EMAIL_WORD: Final = r"e[-_ ]?mail|newsletter|рассылка|mailing"
PAID_CLICK_IDS: Final = frozenset({"gclid", "yclid", "ymclid", "vkclid", "msclkid", "ttclid"})
"""Click ids that only a paid click carries. Meta adds fbclid to unpaid links too: it counts as paid where the medium is silent."""

SOURCES: Final[dict[Category, str]] = {
    "shopping": (
        r"(.*\.)?(ozon|wildberries|wb|avito|youla|aliexpress|amazon|ebay|etsy|alibaba|walmart|mercadolivre|mercadolibre|"
        r"shopee|kaspi|megamarket|sbermegamarket|lamoda|market\.yandex|yandex[._ ]?market|price|priceru|tiu|satom|pulscen|"
        r"flowwow|shopping|google[._ ]?shopping)(\.[a-z.]{2,6})?"
    ),
    "maps": (
        r"(.*\.)?(2gis|2гис|dgis|maps\.(yandex|google|apple)|(yandex|google|apple)[._ ]?maps?|gmb|google[._ ]?my[._ ]?business|"
        r"google[._ ]?business|zoon|яндекс[. _]?карты|flamp|yell|tripadvisor)(\.[a-z.]{2,6})?|(yandex|google)\.[a-z.]{2,6}/maps.*"
    ),
    "ai": (
        r"(.*\.)?(chatgpt|chat\.openai|openai|claude|anthropic|gemini\.google|gemini|bard|perplexity|copilot|copilot\.microsoft|"
        r"deepseek|mistral|grok|you\.com|poe|phind|gigachat|giga\.chat|alice\.yandex|meta\.ai|chat\.qwen|qwen|kimi)(\.(com|ai|"
        r"ru|org|app|net|x\.ai))?"
    ),
    "email": (
        r"(e\.mail\.ru|mail\.(google|yandex|yahoo|rambler|ru)(\..*)?|.*\.mail\.yahoo\.com|outlook\.(live|office)\.com|unisender|"
        r"sendpulse|mindbox|mailchimp|sendsay|getresponse|dashamail|klaviyo|retailrocket|e[-_ ]?mail|newsletter|рассылка|"
        r"mailing)"
    ),
    "video": (
        r"(.*\.)?(youtube|youtu|youtube[-_ ]?ads|yt|yt[-_ ]?ads|vimeo|rutube|twitch|dailymotion|vkvideo|vk[._ ]?video|plvideo|"
        r"hulu|netflix|ютуб)(\.[a-z]{2,4})?"
    ),
    "social": (
        r"(.*\.)?(vk|vk[-_ ]?ads|vkads|vkontakte|vk\.com|vk\.ru|вк|вконтакте|mytarget|my[-_ ]?target|ok|odnoklassniki|одноклассники|"
        r"telegram|telegram[-_ ]?ads|telega\.in|telega|tg|tgads|t\.me|телеграм|телеграмм|max|facebook|facebook[-_ ]?ads|"
        r"fb|fb[-_ ]?ads|fb\.me|meta|meta[-_ ]?ads|instagram|ig|instagram[-_ ]?ads|инстаграм|l\.instagram|l\.facebook|whatsapp|"
        r"wa|viber|threads|twitter|x|t\.co|linkedin|lnkd|tiktok|tiktok[-_ ]?ads|pinterest|reddit|snapchat|quora|discord|"
        r"dzen|zen|дзен|zen\.yandex|tenchat|pikabu|livejournal|youla[-_ ]social|yappy)(\.[a-z]{2,4})?"
    ),
    "search": (
        r"((.*\.)?(google|yandex|ya|bing|duckduckgo|yahoo|baidu|ecosia|qwant|rambler|nova\.rambler|go\.mail|search\.brave|"
        r"brave|startpage|naver|seznam|sogou|ask|aol|sputnik)(\.[a-z]{2,3}){1,2}|google|yandex|bing|duckduckgo|yahoo|baidu|"
        r"ecosia|rambler|brave|naver|seznam|яндекс|гугл|(google|yandex|bing|яндекс|гугл)[-_. ]?(ads?|adwords|direct|директ|"
        r"search|поиск|organic|реклама)|adwords|direct\.yandex|яндекс[. _-]?директ|директ|ydirect|yd|googleads|mail\.ru)"
    ),
    "network": (
        r"(googlesyndication\.com|doubleclick\.net|googleads\.g\.doubleclick\.net|tpc\.googlesyndication\.com|yabs\.yandex\.[a-z]{2,3}|"
        r"an\.yandex\.[a-z]{2,3}|rsya|рся|gdn|кмс|programmatic|criteo|taboola|outbrain|soloway|getintent|between|hybrid)"
    ),
}  # fmt: skip
"""Whole values of a source or a referrer's host by category. The first category that matches, in this order, is the source's."""

PAID_SOURCE: Final = (
    r".*(direct\.yandex|(yandex|яндекс)[-_. ]?(direct|директ)|google[-_. ]?ads?|adwords|googleads|[-_ ]ads?|vkads|tgads|"
    r"mytarget|my[-_ ]target|telega\.in|ydirect|яндекс[-_. ]реклама|таргет|директ|контекст)|yd"
)
"""Sources that are themselves the name of an ad cabinet: paid where the medium is silent."""

PAYMENT_PROVIDERS: Final = (
    r"(.*\.)?(yookassa|yoomoney|robokassa|cloudpayments|tinkoff|tbank|sberbank|sber|securepayments\.sberbank|alfabank|"
    r"vtb|payanyway|paykeeper|unitpay|prodamus|getcourse|paypal|stripe|checkout\.stripe|adyen|klarna|paddle|braintreegateway|"
    r"mercadopago|pagseguro|payu|3dsecure|acs\d*|qiwi|nspk|sbp|modulbank|dolyame|podeli|yandex[._-]?pay|pay\.yandex)(\.[a-z]{2,4}){1,2}"
)
"""Hosts that a buyer returns from after paying: they send nobody, so such a referrer is no mark."""


@dataclass(frozen=True)
class Rule:
    """One row of the list. Every given condition must hold; ``any_of`` alternatives are separate rules of one channel."""

    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""
    category: Category | None = None
    is_paid: bool | None = None
    """Whether the mark is paid for: by its medium, its click id, or a source that is an ad cabinet."""
    has_medium: bool | None = None
    from_referrer: bool | None = None
    """Whether the category comes from the referrer's host, no source being given."""
    click_id: str = ""


_SHOP = r"(.*[^a-df-z])?shop(.*)|.*shopping.*|.*[^a-df-z]shop.*"

RULES: Final[tuple[Rule, ...]] = (
    # what a CRM says in its own words, with no medium
    Rule("Direct", source=(
        r"direct[-_ ]?(traffic|visit|entry)?|\(direct\)|typein|type[-_ ]?in|прямой|прямые( заходы)?|прямой (заход|трафик)|"
        r"internal|закладки"
    ), has_medium=False),
    Rule("Paid Search", source=(
        r"(paid|sponsored)[-_ ]?search|контекст(ная реклама)?|контекстная реклама|context|поисковая реклама|sem|ppc|cpc"
    ), has_medium=False),
    Rule("Paid Social", source=r"paid[-_ ]?social([-_ ]media)?|таргет|таргетированная реклама|таргетинг|реклама в соцсетях", has_medium=False),
    Rule("Organic Search", source=(
        r"(organic|natural)([-_ ]?search)?|search|seo|поиск|органика|органический (поиск|трафик)|поисковые системы|поисковая система"
    ), has_medium=False),
    Rule("Organic Social", source=r"(organic[-_ ]?)?social([-_ ]?(media|network|networks))?|smm|соц(иальные)?[. ]?сети|соцсети", has_medium=False),
    Rule("Email", source=(
        r"e[-_ ]?mail([-_ ]?(marketing|campaign|newsletter))?|newsletter|рассылка|рассылки|e-?mail[- ]рассылка|почтовая рассылка"
    ), has_medium=False),
    Rule("Display", source=r"display([-_ ]?(ads?|advertising|network))?|banners?|баннер(ы|ная реклама)?|медийная реклама|рся|кмс", has_medium=False),
    Rule("Referral", source=(
        r"referrals?|referring sites?|(по )?рекомендаци(я|и)|рекомендация клиента|сарафан(ное радио)?|word[-_ ]of[-_ ]mouth|"
        r"external referral|employee referral|customer referral|переходы по ссылкам|ссылки на сайтах"
    ), has_medium=False),
    Rule("Affiliates", source=(
        r"affiliates?|partners?|партн[её]р(ы|ка|ская программа)?|cpa[-_ ]?(сеть|network)|admitad|actionpay|leads\.su"
    ), has_medium=False),
    Rule("SMS", source=r"sms|смс|sms[- ]?рассылка|смс[- ]?рассылка", has_medium=False),
    Rule("AI Assistants", source=r"ai[-_ ]?(referrals?|assistants?|search)|нейросеть|нейросети|ии[- ]?ассистент", has_medium=False),
    Rule("Offline", source=(
        r"offline([-_ ]?sources?)?|trade[-_ ]?show|seminar.*|conference|event|exhibition|partner event|tv|radio|print|outdoor|"
        r"billboard|walk[-_ ]?in|cold[-_ ]?call(ing)?|выставка|конференция|мероприятие|наружная реклама|наружка|вывеска|"
        r"листовка|листовки|радио|тв|телевидение|холодн(ый|ые) звон(ок|ки)|холодный обзвон|офлайн|оффлайн"
    ), has_medium=False),
    Rule("Existing clients", source=(
        r"existing (client|customer)|current (client|customer)|repeat (client|customer)|существующий клиент|постоянный клиент|"
        r"повторн(ая|ые) (продажа|продажи)|повторное обращение|действующий клиент"
    ), has_medium=False),
    Rule("Website", source=(
        r"(web)?[-_ ]?site|web|(компания, )?наш сайт|сайт( компании)?|веб-?сайт|форма на сайте|сайт[- ]?форма|crm-?форма|"
        r"интернет-?магазин|landing|лендинг|web[-_ ]?form|forms?"
    ), has_medium=False),
    Rule("Other", source=r"other([-_ ](campaigns?|publicities|advertising|sources?))?|другое|прочее|иное|другой|(другая|прочая) реклама", has_medium=False),
    # GA4's order
    Rule("Direct", source=r"\(direct\)|direct", medium=r"\(none\)|\(not set\)|none|direct"),
    Rule("Cross-network", campaign=r".*cross-network.*"),
    Rule("AI Assistants", category="ai"),
    Rule("Paid Shopping", category="shopping", is_paid=True),
    Rule("Paid Shopping", campaign=_SHOP, is_paid=True),
    Rule("Display", medium=r"display|banner|media|медийка|баннер|network|rsya|рся|kms|кмс"),
    Rule("Display", category="network"),
    Rule("Paid Search", category="search", is_paid=True),
    Rule("Paid Social", category="social", is_paid=True),
    Rule("Paid Video", category="video", is_paid=True),
    Rule("Paid Search", medium=r"paid[-_ ]?search|sem"),
    Rule("Paid Social", medium=r"paid[-_ ]?social"),
    Rule("Paid Video", medium=r"paid[-_ ]?video"),
    Rule("Paid Search", click_id=r"gclid|yclid|ymclid|msclkid"),
    Rule("Paid Social", click_id=r"vkclid|ttclid"),
    Rule("Paid Social", click_id=r"fbclid", is_paid=True),
    Rule("Display", medium=DISPLAY_MEDIUM),
    Rule("Paid Other", is_paid=True),
    Rule("Maps", category="maps"),
    Rule("Organic Shopping", category="shopping"),
    Rule("Organic Shopping", campaign=_SHOP),
    Rule("Organic Social", category="social"),
    Rule("Organic Social", medium=SOCIAL_MEDIUM),
    Rule("Organic Video", category="video"),
    Rule("Organic Video", medium=r".*video.*|видео"),
    Rule("Email", category="email", has_medium=False),
    Rule("Email", medium=EMAIL_WORD),
    Rule("Email", source=EMAIL_WORD),
    Rule("Organic Search", medium=r"organic|seo"),
    Rule("Organic Search", category="search"),
    Rule("Affiliates", medium=r"affiliates?|partners?|партн[её]р(ка|ы)?|cpa[-_ ]network"),
    Rule("Referral", medium=r"referral|app|link|ссылка"),
    Rule("Audio", medium=r"audio|podcast|подкаст"),
    Rule("SMS", source=r"sms|смс"),
    Rule("SMS", medium=r"sms|смс"),
    Rule("Mobile Push", medium=r".*push|.*mobile.*|.*notification.*|пуш"),
    Rule("Mobile Push", source=r"firebase"),
    Rule("Offline", medium=r"offline|qr|outdoor|radio|tv|print|офлайн|наружка|листовка"),
    Rule("Referral", from_referrer=True),
)  # fmt: skip
"""First match wins; the settings' own rules come before. A mark that is not empty and matches none is «Unassigned»."""

PAID_CHANNELS: Final = frozenset(
    {
        "Paid Search",
        "Paid Social",
        "Paid Shopping",
        "Paid Video",
        "Paid Other",
        "Display",
        "Cross-network",
        "Affiliates",
    }
)
WEAK_CHANNELS: Final = frozenset({"Direct", "Website"})
"""Channels that say only how a person reached us, not what brought them: ``last_non_direct`` looks past them."""
UNASSIGNED: Final = "Unassigned"
