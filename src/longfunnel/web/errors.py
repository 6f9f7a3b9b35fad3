"""What went wrong, as a page in plain words: what, why, what to do; never a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException

from longfunnel.core.errors import LongfunnelError, NothingYetError
from longfunnel.core.text import Text
from longfunnel.web.assets import assets

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_WORDS = {
    400: (Text("The request cannot be read", "Запрос не удалось прочитать"), Text("Go back and try again.", "Вернитесь назад и повторите.")),
    403: (Text("This is not open to you", "Здесь для вас закрыто"), Text("Ask an owner of the account for access.", "Попросите доступ у владельца аккаунта.")),
    404: (Text("There is nothing at this address", "По этому адресу ничего нет"), Text("The link may be old.", "Возможно, ссылка устарела.")),
    413: (Text("That is too large", "Слишком большой файл"), Text("Send a smaller file.", "Отправьте файл поменьше.")),
    500: (Text("Something broke on our side", "Сломалось на нашей стороне"), Text("The server's log says what.", "Что именно — в журнале сервера.")),
}  # fmt: skip
_CSRF = (
    Text("The page was open for too long", "Страница была открыта слишком долго"),
    Text("Load it again and repeat: nothing was changed.", "Обновите её и повторите: ничего не изменилось."),
)
_MENDING = Text("This cannot be shown so", "Так показать не получится")


def show_error(visit: Visit, error: Exception) -> Response[Any]:
    """The page for an error, with the status that fits it."""
    if isinstance(error, NothingYetError):
        return _nothing_yet(visit)
    if isinstance(error, LongfunnelError):
        return visit.show(
            "errors/error.html",
            status=400,
            title=visit.text(_MENDING),
            said=visit.text(error.said),
            hint=visit.text(error.advice),
            way=_way(visit),
        )
    status = error.status_code if isinstance(error, HTTPException) else 500
    title, hint = _WORDS.get(status, _WORDS[500 if status >= 500 else 400])
    if isinstance(error, PermissionDeniedException) and error.detail == "csrf":
        title, hint = _CSRF
    if isinstance(error, NotFoundException):
        status = 404
    return visit.show(
        "errors/error.html", status=status, title=visit.text(title), said="", hint=visit.text(hint), way=_way(visit)
    )


def _way(visit: Visit) -> tuple[str, str]:
    """Where to go from an error: the same page as it opens by itself, where its address asked for more; else the overview. Its
    address, and what the button says."""
    page = visit.page
    if (
        page
        and page.nav
        and visit.request.method == "GET"
        and visit.request.url.query
        and visit.request.url.path != "/"
    ):
        return visit.request.url.path, visit.text(Text("Open the page as usual", "Открыть страницу без условий"))
    return "/", visit.text(Text("To the overview", "К обзору"))


def _nothing_yet(visit: Visit) -> Response[Any]:
    """What the page will show once there is data, a way to bring some in, and how it looks with the invented business."""
    page = visit.page
    picture = f"img/demo/{page.name}.{visit.language}.webp" if page else ""
    return visit.show(
        "errors/nothing_yet.html",
        title=visit.text(page.title if page else Text("No data yet", "Данных пока нет")),
        said=visit.text(page.lead) if page else "",
        picture=picture if picture in assets().by_path else "",
    )
