"""The web door: pages and the API over HTTP. ``make_app`` gives the ASGI application."""

from __future__ import annotations

from longfunnel.web.application import make_app

__all__ = ["make_app"]
