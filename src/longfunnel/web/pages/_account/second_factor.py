"""The second factor of one's own account: turning it on and off, recovery codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from longfunnel.app.access.second_factor import SecondFactorError, new_secret, turn_off, turn_on
from longfunnel.state import AccountError
from longfunnel.web.pages._account.shown import again, confirm, me, show

if TYPE_CHECKING:
    from litestar import Response

    from longfunnel.web.visit import Visit


def begin(visit: Visit) -> Response[Any]:
    """Show the QR code of a new second factor."""
    return show(visit, totp=new_secret())


def keep(visit: Visit) -> Response[Any]:
    """Turn the second factor on, and show its recovery codes, once."""
    secret = visit.posted("secret")
    try:
        codes = turn_on(visit.business, me(visit), secret, visit.posted("code"))
    except SecondFactorError as error:
        return show(visit, totp=secret, mistake=error.to(visit.language), at="second-factor", status=422)
    visit.audit("second_factor_on")
    return _with_codes(visit, codes)


def drop(visit: Visit) -> Response[Any]:
    """Turn the second factor off, for who knows the password."""
    try:
        confirm(visit)
    except AccountError as error:
        return show(visit, mistake=error.to(visit.language), at="second-factor", status=422)
    turn_off(visit.business, me(visit))
    visit.audit("second_factor_off")
    return again(visit)


def new_codes(visit: Visit) -> Response[Any]:
    """New recovery codes, for who knows the password; the earlier ones open nothing any more."""
    try:
        confirm(visit)
    except AccountError as error:
        return show(visit, mistake=error.to(visit.language), at="second-factor", status=422)
    if not me(visit).has_totp:
        raise visit.missing()
    codes = visit.business.state.recovery_codes.make(me(visit).id)
    visit.audit("recovery_codes_made")
    return show(visit, codes=codes)


def _with_codes(visit: Visit, codes: list[str]) -> Response[Any]:
    """The page with the codes, in a session anew: turning the second factor on ended all of them."""
    moved = again(visit)
    visit.user = visit.business.state.users.get(me(visit).id)
    answer = show(visit, codes=codes)
    answer.cookies.extend(moved.cookies)
    return answer
