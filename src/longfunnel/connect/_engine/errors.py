"""What can go wrong with an outside system, in one vocabulary: every vendor's codes become one of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.errors import SourceError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    import httpx

_SHOWN = 300

CONNECT_AGAIN = Text(
    "Connect the source again: longfunnel connect NAME", "Подключите источник заново: longfunnel connect ИМЯ"
)
CONNECT_IT = Text("Connect it with: longfunnel connect NAME", "Подключите его: longfunnel connect ИМЯ")


class ConnectError(SourceError):
    """An outside system did not give what was asked. ``kind`` is the word of the vocabulary."""

    kind = "trouble"
    is_worth_retrying = False


class ExpiredError(ConnectError):
    """The token is no longer (or never was) valid. The engine renews it once where it can; else somebody connects again."""

    kind = "expired"


class ForbiddenError(ConnectError):
    """The token is valid and may not do this: a right is missing, an account is not paid, the access was taken away."""

    kind = "forbidden"


class LimitedError(ConnectError):
    """Too many requests. ``seconds``: when to come back; None where the system does not say."""

    kind = "limited"
    is_worth_retrying = True

    def __init__(self, message: str | Text, *, seconds: float | None = None, hint: str | Text = "") -> None:
        super().__init__(message, hint=hint)
        self.seconds = seconds


class TemporaryError(ConnectError):
    """The system is ill, slow or away: the same request may well be answered later."""

    kind = "temporary"
    is_worth_retrying = True


class GoneError(ConnectError):
    """What is asked for is not there any more: a counter, a pipeline, a record."""

    kind = "gone"


class ChangedSchemaError(ConnectError):
    """The system answers in another form than its documentation: a field of another type, a missing column."""

    kind = "changed_schema"


class RefusedError(ConnectError):
    """The system understands the request and says that it is wrong: a setting of ours, or a mistake of the connector."""

    kind = "refused"


def unreachable(host: str, error: Exception) -> TemporaryError:
    """No connection to the host came about."""
    said = Text("{host} cannot be reached: {why}.", "Нет связи с {host}: {why}.")
    return TemporaryError(said.format(host=host, why=str(error) or type(error).__name__))


def usual_error(response: httpx.Response) -> ConnectError | None:
    """What an answer means by its HTTP status alone; None for a success. A connector's ``classify`` looks at the body first."""
    status = response.status_code
    if status < 400:
        return None
    said = response.text[:_SHOWN].strip() or response.reason_phrase
    told = Text("{host} answered {status}: {said}", "{host} отвечает {status}: {said}").format(
        host=response.request.url.host, status=status, said=said
    )
    if status == 401:
        return ExpiredError(told)
    if status in (402, 403):
        return ForbiddenError(told)
    if status in (404, 410):
        return GoneError(told)
    if status in (420, 429):
        return LimitedError(told, seconds=_seconds(response.headers.get("Retry-After")))
    if status in (408, 425) or status >= 500:
        return TemporaryError(told)
    return RefusedError(told)


def _seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None  # a date: our own pause will do
