"""A page's Content-Security-Policy: may it load our script, and send to us?"""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def refusals(policies: list[str], url: str, page: str, *, nonce: str = "") -> list[str]:
    """The directives of the page's policies that forbid it to load a script from, or to send to, ``url``: script-src, connect-src.

    ``page`` is the page's own address. Policies add up: each must allow. The rules are those of CSP Level 3 for hosts,
    schemes, ports and nonces; paths are ignored, as we ask for several.
    """
    forbidding = []
    for directive in ("script-src", "connect-src"):
        for policy in policies:
            for part in policy.split(","):  # one header may carry several policies
                sources = _sources(part, directive)
                if sources is not None and not _allows(sources, url, page, nonce if directive == "script-src" else ""):
                    forbidding.append(directive)
    return list(dict.fromkeys(forbidding))


def _sources(policy: str, directive: str) -> list[str] | None:
    """What the directive lists; None where the policy says nothing of it."""
    named: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split() or [""]
        named.setdefault(name.lower(), sources)  # of two of a name the first counts
    names = ["script-src-elem", directive] if directive == "script-src" else [directive]
    return next((named[name] for name in (*names, "default-src") if name in named), None)


def _allows(sources: list[str], url: str, page: str, nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    if "'strict-dynamic'" in sources:
        return False
    return any(_fits(source, url, page) for source in sources)


def _fits(source: str, url: str, page: str) -> bool:
    ours, own = urlsplit(url), urlsplit(page)
    source = source.lower()
    if source == "'self'":
        return (ours.hostname, _port(url)) == (own.hostname, _port(page)) and ours.scheme in (own.scheme, "https")
    if source.startswith("'"):
        return False
    if source == "*":
        return ours.scheme in ("http", "https")
    if source.endswith(":"):
        return ours.scheme == source[:-1] or (source == "http:" and ours.scheme == "https")
    parts = urlsplit(source if "://" in source else f"//{source}")
    if not (ours.scheme == (parts.scheme or own.scheme) or ours.scheme == "https"):
        return False
    host = parts.netloc.rpartition(":")[0] if ":" in parts.netloc else parts.netloc
    port = parts.netloc.rpartition(":")[2] if ":" in parts.netloc else ""
    name = ours.hostname or ""
    is_host = name.endswith(host[1:]) if host.startswith("*.") else name == host or host == "*"
    is_port = port in ("*", str(_port(url))) if port else _port(url) == _PORTS.get(ours.scheme)
    return is_host and is_port


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme)
