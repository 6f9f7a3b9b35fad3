"""What one has given out, to be taken back: tokens of programs, shared links, open sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from longfunnel.app.access.rights import SCOPES
from longfunnel.app.business import now
from longfunnel.core.errors import too_long
from longfunnel.core.text import Text
from longfunnel.web.pages._account.shown import LASTS, me, show

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit

_NAME = Text("The token's name", "Название токена")
_NEEDS_NAME = Text("Name the token, so that you know it again.", "Назовите токен, чтобы потом его узнать.")
_NEEDS_SCOPE = Text("Choose what the token may read.", "Выберите, что токену можно читать.")


def make_token(visit: Visit) -> Response[Any]:
    """A new token, shown once."""
    user, name, lasts = me(visit), visit.posted("name"), visit.posted("lasts")
    chosen = {value for key, value in _sent(visit) if key == "scope"}
    scopes = tuple(scope for scope in SCOPES if scope in chosen)
    if lasts not in dict(LASTS):
        raise visit.missing()
    if mistakes := too_long(_NAME, name):
        typed = {"name": user.name, "email": user.email, "token": name, "scopes": scopes, "lasts": lasts}
        return show(visit, mistake=visit.text(mistakes[0]), at="tokens", typed=typed, status=422)
    if not name or not scopes:
        typed = {"name": user.name, "email": user.email, "token": name, "scopes": scopes, "lasts": lasts}
        return show(
            visit, mistake=visit.text(_NEEDS_SCOPE if name else _NEEDS_NAME), at="tokens", typed=typed, status=422
        )
    ends = now() + timedelta(days=int(lasts)) if lasts else None
    token = visit.business.state.access_tokens.make(user.id, name, scopes, expires_at=ends)
    visit.audit("token_made", f"{name}: {' '.join(scopes)}")
    return show(visit, token=token)


def _sent(visit: Visit) -> list[tuple[str, Any]]:
    """The form with every value of a name, as Litestar's FormMultiDict has them."""
    form: Any = visit.form
    return list(form.multi_items())


def revoke_token(visit: Visit) -> Response[Any]:
    """Let a token open nothing any more."""
    token = visit.business.state.access_tokens.revoke(visit.path["number"], user_id=me(visit).id)
    if token is None:
        raise visit.missing()
    visit.audit("token_revoked", token.name)
    return visit.redirect("/account")


def close_link(visit: Visit) -> Response[Any]:
    """Close a link that one has shared."""
    link = visit.business.state.share_links.revoke(visit.path["number"], user_id=me(visit).id)
    if link is None:
        raise visit.missing()
    visit.audit("share_revoked", link.title)
    return visit.redirect("/account")


def end_session(visit: Visit) -> Response[Any]:
    """Sign out in another browser, or in all the others."""
    sessions = visit.business.state.sessions
    if number := visit.posted("session"):
        sessions.end(me(visit).id, number=number)
    else:
        sessions.end(me(visit).id, but=visit.session)
    visit.audit("session_ended" if number else "sessions_ended")
    return visit.redirect("/account")
