"""Yandex's server of tokens (oauth.yandex.ru), for the invented Direct and Metrika."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from longfunnel.demo.systems._http import Answer, Asked, told

CLIENT_ID, CLIENT_SECRET = "3fa9c0de", "s3cret"


@dataclass
class YandexOAuth:
    """The tokens that are good now. A refresh gives new ones in place of the old."""

    token: str = "y0_AgAAAA"  # noqa: S105 - an invented one
    refresh_token: str = "1:refresh"  # noqa: S105 - an invented one
    code: str = "1234567"
    given: int = 0
    """How many tokens were given since."""
    seconds: int = 31_536_000
    revoked: set[str] = field(default_factory=set)

    def revoke(self) -> None:
        """The access token is good no longer; the refresh token is."""
        self.revoked.add(self.token)

    def is_good(self, token: str) -> bool:
        """Whether an access token opens anything."""
        return token == self.token and token not in self.revoked

    def answer(self, asked: Asked) -> Answer | None:
        """``/token`` and ``/authorize``; None for other paths."""
        if asked.path == "/authorize" and asked.method == "GET":
            back = urlencode({"code": self.code, "state": asked.params.get("state", "")})
            return Answer(302, b"", {"location": f"{asked.params.get('redirect_uri', '')}?{back}"})
        if asked.path != "/token":
            return None
        if asked.method != "POST" or not asked.headers.get("content-type", "").startswith(
            "application/x-www-form-urlencoded"
        ):
            return _refused("invalid_request", "POST a form")
        form = dict(parse_qsl(asked.body.decode()))
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return _refused("invalid_client", "Client not found")
        match form.get("grant_type"):
            case "authorization_code":
                if form.get("code") != self.code:
                    return _refused("invalid_grant", "Code has expired")
            case "refresh_token":
                if form.get("refresh_token") != self.refresh_token:
                    return _refused("invalid_grant", "expired_token")
            case _:
                return _refused("unsupported_grant_type", "grant_type not supported")
        self.given += 1
        self.token, self.refresh_token = f"y0_given_{self.given}", f"1:refresh_{self.given}"
        return told(
            {
                "access_token": self.token,
                "refresh_token": self.refresh_token,
                "expires_in": self.seconds,
                "token_type": "bearer",
            }
        )


def _refused(error: str, why: str) -> Answer:
    return told({"error": error, "error_description": why}, 400)
