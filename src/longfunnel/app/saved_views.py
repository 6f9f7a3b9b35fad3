"""Saved views: keep a page's question under a name, show those that a user may see, take them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longfunnel.core.errors import LongfunnelError
from longfunnel.core.text import Text

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.state import SavedView, User

_LONGEST_NAME = 80


class SavedViewError(LongfunnelError):
    """A view cannot be saved or changed: it has no name, asks nothing, or is another user's."""

    code = "saved_view"


def save_view(
    business: Business, user: User, *, page: str, name: str, query: str, is_shared: bool, is_on_overview: bool = False
) -> SavedView:
    """Keep ``query``, what the page's address asks, as a view of ``page``; the same name again replaces the user's own.

    Only owners and analysts share views or put them on the overview. Raises SavedViewError.
    """
    name = " ".join(name.split())
    if not name:
        raise SavedViewError(
            Text("The view has no name.", "Нет названия."),
            hint=Text(
                "Name it after what it answers, as «Paid channels by week».",
                "Назовите по сути, например «Платные каналы по неделям».",
            ),
        )
    if len(name) > _LONGEST_NAME:
        raise SavedViewError(
            Text(
                "The name is {count} characters long; the longest is {most}.",
                "Название слишком длинное, знаков: {count}, а можно не больше {most}.",
            ).format(count=len(name), most=_LONGEST_NAME)
        )
    may = user.role in ("owner", "analyst")
    return business.state.saved_views.save(
        user.id, page, name, query, is_shared=is_shared and may, is_on_overview=is_on_overview and may
    )


def views_of(business: Business, user: User, page: str) -> list[SavedView]:
    """The views of ``page`` that the user sees: their own and the shared ones."""
    return business.state.saved_views.seen_by(user.id, page)


def remove_view(business: Business, user: User, number: int) -> SavedView:
    """Forget a view and give what it was: one's own, or a shared one for an owner. Raises SavedViewError."""
    view = _own(business, user, number)
    business.state.saved_views.remove(number)
    return view


def _own(business: Business, user: User, number: int) -> SavedView:
    view = business.state.saved_views.get(number)
    if view is None or not (view.user_id == user.id or (view.is_shared and user.role == "owner")):
        raise SavedViewError(
            Text("There is no such view of yours.", "Такого вида у вас нет."),
            hint=Text("It may have been taken away already.", "Возможно, его уже убрали."),
        )
    return view
