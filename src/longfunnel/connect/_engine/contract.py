"""What a connector is: values that say how a system is reached, what it offers, and what its records mean."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from longfunnel.connect._engine.errors import ConnectError, usual_error
from longfunnel.core.text import NOTHING, Text

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    import httpx

    from longfunnel.connect._engine.api import Api

Record = dict[str, Any]
"""One record of a system as JSON knows it: what ``read`` gives, what is kept raw, what ``shape`` gets. Names that the vendor
gives elsewhere (of a stage, a manager) are put into it by ``read``, so that ``shape`` needs nothing else."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a fact that a record means. Values are Python's: str, int, Decimal (or a decimal string), bool, date, datetime
    (aware, or naive UTC), dict for ``props``; None is unknown. Text may be raw: identifiers are normalised by the engine."""

    fact: str
    values: dict[str, Any]
    is_patch: bool = False
    """Whether the values go over the newest version that is known (a deletion tells the id alone). Where none is known, nothing
    is written."""
    is_first: bool = False
    """Whether the earliest telling of a key counts (who starts a bot again is the same lead): where one of an earlier time is known,
    nothing is written; else the values go over what is known."""


@dataclass(frozen=True, slots=True)
class Window:
    """Days of one fact that a reading has covered as a whole: rows of this source within them that the vendor has not told of
    again are none any more, and get a version of zeros (a day's spend that was restated)."""

    fact: str
    since: date
    until: date
    """Inclusive."""
    within: Mapping[str, str] = field(default_factory=dict)
    """Only rows with these values: ``{"account": "…"}``."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and where the next reading goes on once they are on disk."""

    records: list[Record]
    cursor: Any = None
    """Anything that JSON can hold; None: the place stays what it was."""
    share: float | None = None
    """0..1 of the stream that is read, where that can be known."""
    window: Window | None = None
    """Completed with this page: it and the pages since the window before cover it."""
    is_written_first: bool = False
    """Whether the page must be on disk before ``read`` goes on, because its next request makes the system forget the records."""


@dataclass(frozen=True, slots=True)
class Credential:
    """Something that opens the system: given in the settings (``credentials.NAME``), by the environment variable
    ``LONGFUNNEL_<SOURCE>_<NAME>``, or through ``longfunnel connect`` and the web, which keep it sealed."""

    name: str
    title: Text
    meaning: Text = NOTHING
    """Where the user finds it, in a sentence."""
    is_secret: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """One way to open the system, where there are several to choose from."""

    title: Text
    needs: tuple[str, ...]
    """The credentials without which it does not open."""
    steps: tuple[Text, ...]
    """Where to click in the system, one act each. May hold {back}: the address that the system sends the browser back to."""
    also: tuple[str, ...] = ()
    """Credentials that may help."""


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of the connector: a key of its ``[[source]]``."""

    name: str
    title: Text
    meaning: Text = NOTHING
    kind: Literal["text", "number", "flag", "list", "table"] = "text"
    default: Any = None
    is_required: bool = False


Tokens = dict[str, Any]
"""What an OAuth server gave: ``access_token``, ``refresh_token``, ``expires_at`` (Unix seconds, absent where it never ends), and
whatever else the connector needs to keep."""


@dataclass(frozen=True, slots=True)
class Access:
    """With what a request is signed: the credentials as they were given, and the tokens that OAuth made of them."""

    credentials: Mapping[str, str]
    tokens: Tokens = field(default_factory=dict)

    @property
    def token(self) -> str:
        """The access token of OAuth, else the pasted ``token``."""
        return str(self.tokens.get("access_token") or self.credentials.get("token") or "")


Grant = Mapping[str, str]
"""A grant of OAuth 2 (RFC 6749): ``grant_type`` and what belongs to it (``code`` and ``redirect_uri``, ``refresh_token``)."""


@dataclass(frozen=True, slots=True)
class OAuth:
    """How a system gives tokens (RFC 6749)."""

    url: str
    """Where tokens are asked for, without the path; ``oauth_url`` of the source goes before it. May hold {option} and {credential}, and
    {base_url} where the API's own host gives them."""
    grant: Callable[[httpx.AsyncClient, str, Mapping[str, str], Grant], Awaitable[Tokens]]
    """Ask ``url`` for tokens with the credentials and a grant. Raises ExpiredError where the grant is refused."""
    authorize: Callable[[str, Mapping[str, str], str, str], str] | None = None
    """The address that a person's browser opens, of the url, the credentials, the redirect address and the state; None: the system
    gives tokens to programs only (``client_credentials``)."""
    first: Callable[[Mapping[str, str]], Grant | None] = lambda _: None
    """The grant by which the first tokens come without a browser, of the credentials: ``client_credentials``, a pasted refresh token
    or code; None: there is none."""
    is_used: Callable[[Mapping[str, str]], bool] = lambda _: True
    """Whether these credentials want tokens at all: some systems also have addresses or keys that open them alone."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a system may be asked."""

    requests: float
    seconds: float = 1.0
    at_once: int = 4
    """Requests that may be under way together."""


@dataclass(frozen=True)
class Shaping:
    """What ``shape`` may know besides the record: the source's settings. It never asks the outside system."""

    options: Mapping[str, Any]
    columns: Mapping[str, Any]
    """Ours = theirs: the user's own fields (``columns.product = "UF_CRM_PRODUCT"``)."""
    zone: ZoneInfo
    """The zone of the source (``timezone``), else of the business."""
    currency: str
    """Of the business: for systems that do not say theirs."""


@dataclass
class Reading:
    """What ``read`` gets."""

    api: Api
    shaping: Shaping
    cursor: Any
    """The place where the last reading ended; None the first time."""
    since: date
    """The first day that a first reading (a backfill) brings."""
    now: datetime
    """Aware, UTC. The machine's clock may be off: ``api.clock_skew`` says by how much, where the system tells its time."""
    reread_days: int
    """How many past days are read again, as the vendor restates them."""
    memory: dict[str, Any] = field(default_factory=dict)
    """Kept for the length of one run, shared by the streams: names that were looked up already."""
    known: Callable[[str], dict[str, bool]] = lambda _: {}
    """The ids that this source has told of a fact (``deal``, ``lead``), and whether each is known as deleted: for systems that
    drop what is deleted from their lists without a word."""
    kept: Callable[[list[str]], dict[str, Record]] = lambda _: {}
    """The stream's own records of these keys as they were written last (see ``Page.is_written_first``): for a record that grows, as
    the history of a deal."""

    @property
    def options(self) -> Mapping[str, Any]:
        """The connector's own settings."""
        return self.shaping.options

    @property
    def today(self) -> date:
        """The day in the source's zone."""
        return self.now.astimezone(self.shaping.zone).date()

    @property
    def first_day(self) -> date:
        """From which day on to read: ``since`` the first time (a cursor is then None); later ``reread_days`` before the cursor's day
        (an ISO date, or a table with ``day``)."""
        day = self.cursor.get("day") if isinstance(self.cursor, dict) else self.cursor
        if not isinstance(day, str):
            return self.since
        return max(self.since, min(date.fromisoformat(day), self.today) - timedelta(days=self.reread_days))


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of records that a system gives."""

    name: str
    title: Text
    facts: tuple[str, ...]
    """What ``shape`` makes of them."""
    read: Callable[[Reading], AsyncIterator[Page]]
    """What is new since the cursor. It may be ended at any page and begun again at that page's cursor."""
    shape: Callable[[Record, Shaping], Iterable[Row]]
    """Pure: the rows that a record means. A KeyError, TypeError or ValueError puts the record into the quarantine."""
    key: Callable[[Record], str]
    """The record's own id within the stream: the newest of one id is kept raw."""
    fetch: Callable[[Reading, list[str]], AsyncIterator[Page]] | None = None
    """The records of these ids as they are now: what webhooks tell of."""
    is_wanted: Callable[[Mapping[str, Any]], bool] = lambda _: True
    """Whether the source's options ask for it."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What a webhook tells: a record of a stream has changed."""

    stream: str
    id: str = ""
    """To be fetched anew."""
    record: Record | None = None
    """The record itself, where the webhook has it whole: nothing is fetched."""


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhooks that a system sends."""

    read: Callable[[str, bytes], list[Touched]]
    """What a body (its content type, its bytes) tells. Raises ValueError for one that is none of the vendor's."""
    is_genuine: Callable[[Mapping[str, str], str, bytes, Mapping[str, str]], bool] = lambda *_: True
    """Whether it comes from the vendor, by its headers (lower case), content type, body and our credentials; the secret
    address is checked before."""
    register: Callable[[Api, str, Mapping[str, Any]], Awaitable[None]] | None = None
    """Ask the system to send to this address; idempotent. None: the user sets it by hand."""


Held = dict[str, dict[str, str]]
"""Record's id → field → what it holds, as text; empty where it holds nothing."""


@dataclass(frozen=True, slots=True)
class WriteBack:
    """How values go into the system's records."""

    fields: Mapping[str, str]
    """Ours (source, medium, campaign, content, term, channel) → the system's own field for it; the user's settings go before it."""
    facts: tuple[str, ...]
    """deal, lead: whose records can be written."""
    current: Callable[[Api, str, list[str], list[str]], Awaitable[Held]]
    """What these records of the fact hold now in these fields; those that are not there are left out."""
    update: Callable[[Api, str, Mapping[str, Mapping[str, str]]], Awaitable[dict[str, str]]]
    """Set fields of records, by id; for each why it was refused, empty where it is done. Sending the same again changes nothing."""
    at_once: int = 50


@dataclass(frozen=True, slots=True)
class Conversion:
    """A won deal, for an ad system to learn from."""

    deal_id: str
    at: datetime
    """When it was won; aware, UTC."""
    amount: str
    """Decimal, as text; empty where it is unknown."""
    currency: str
    identifiers: Mapping[str, str]
    """Kind → value: ym_client, yclid, email, phone, vkclid."""


@dataclass(frozen=True, slots=True)
class Conversions:
    """How won deals go into an ad system. What is uploaded cannot be taken back."""

    identifiers: tuple[str, ...]
    """The kinds that it knows people by; a deal without one of them is left out."""
    upload: Callable[[Api, Mapping[str, Any], str, str, list[Conversion]], Awaitable[str]]
    """Of the api, the options, the target, the batch's own name (the same batch again is nothing) and the conversions: the receipt."""
    at_once: int = 5000


@dataclass(frozen=True, slots=True)
class Call:
    """How a request is signed: what is added to it."""

    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    """Put between the base address and the path: a token that stands in the address."""
    base_url: str = ""
    """In place of the connector's, where the tokens say so; the source's ``base_url`` goes before it."""


@dataclass(frozen=True)
class Connector:
    """One outside system. Its file in ``connect/`` holds one of these, named CONNECTOR."""

    title: Text
    base_url: str
    """Of its API; ``base_url`` of the source goes before it. May hold {option} and {credential}."""
    credentials: tuple[Credential, ...]
    streams: tuple[Stream, ...]
    sign: Callable[[Access], Call]
    ways: tuple[Way, ...] = ()
    """The ways to open the system, the simplest first; none: all the credentials are of one way."""
    options: tuple[Option, ...] = ()
    oauth: OAuth | None = None
    classify: Callable[[httpx.Response], ConnectError | None] = usual_error
    """What an answer means: None for a good one. Looks at the body too: some systems tell errors under HTTP 200."""
    rate: Rate = Rate(5)
    reread_days: int = 3
    """How many past days the vendor restates."""
    timezone: str = ""
    """The zone of the vendor's days and times, where it is one for all; ``timezone`` of the source goes before it. Empty: the business's."""
    has_global_ids: bool = False
    """Whether its ids mean the same in all its accounts (a call tracker's calls): sources of it then share an id space named after the
    type, as a webhook with its preset does. Else (CRM portals count from 1 each) every source has a space of its own."""
    hook: Hook | None = None
    write_back: WriteBack | None = None
    conversions: Conversions | None = None
    check: Callable[[Api, Mapping[str, Any]], Awaitable[list[Record]]] | None = None
    """Whether the access works, and what there is to choose from (accounts, counters, pipelines): ``[{"option": "counter",
    "value": "123", "title": "shop.ru", …}]``."""

    @property
    def facts(self) -> tuple[str, ...]:
        """What it brings."""
        return tuple(dict.fromkeys(fact for stream in self.streams for fact in stream.facts))

    def stream_named(self, name: str) -> Stream | None:
        """The stream of that name, if there is one."""
        return next((stream for stream in self.streams if stream.name == name), None)
