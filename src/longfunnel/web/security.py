"""What guards every answer: headers, cookies, and the token that a form must bring back."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from litestar.datastructures import Cookie

if TYPE_CHECKING:
    from litestar import Response

_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
PRIVATE = "no-store"
"""How pages may be cached: not at all."""
SESSION_SECONDS = 90 * 86400


_HTTPS_ONLY = "max-age=31536000"
"""For a year a browser that was here by https comes by https only."""


def guarded(response: Response[Any], *, is_https: bool = False) -> Response[Any]:
    """The answer with the headers that keep foreign code out and private data in; ``is_https``: of a server behind https."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if is_https:
        response.headers.setdefault("strict-transport-security", _HTTPS_ONLY)
    response.headers.setdefault("cache-control", PRIVATE)
    return response


class Cookies:
    """The names and attributes of our cookies. With https their names say that only this host, over https, may set them."""

    def __init__(self, *, is_secure: bool) -> None:
        self._is_secure = is_secure
        prefix = "__Host-" if is_secure else ""
        self.session, self.guest = f"{prefix}lf_session", f"{prefix}lf_guest"

    def make(self, name: str, value: str, *, seconds: int | None = None) -> Cookie:
        """A cookie that scripts cannot read and other sites cannot send along; 0 seconds deletes it."""
        return Cookie(
            key=name, value=value, max_age=seconds, path="/", httponly=True, secure=self._is_secure, samesite="lax"
        )


def csrf_token(key: bytes, cookie: str) -> str:
    """The token of a browser: what its forms bring back, made of a cookie that other sites cannot read."""
    return hmac.new(key, b"csrf " + cookie.encode(), hashlib.sha256).hexdigest()


def is_csrf_token(key: bytes, cookie: str, token: str) -> bool:
    """Whether the form's token fits the browser's cookie."""
    return bool(cookie) and hmac.compare_digest(csrf_token(key, cookie).encode(), token.encode())
