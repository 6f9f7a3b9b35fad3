"""What a page says: its words, its tables, the values of its charts."""

from __future__ import annotations

import html
import json
import re
from typing import Any


def plain(page: str) -> str:
    """The page's text, in one line, with ordinary spaces."""
    without = re.sub(r"<script.*?</script>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", without)).split())


def charts(page: str) -> dict[str, Any]:
    """What each chart is drawn from, by its name."""
    found = re.findall(
        r'data-chart="([^"]+)".*?<script type="application/json" data-values>(.*?)</script>', page, re.DOTALL
    )
    return {name: json.loads(values) for name, values in found}


def table(page: str, name: str) -> list[list[str]]:
    """The rows of the table of this id, each as its cells' text."""
    body = re.search(rf'<figure class="grid" id="{name}">.*?<tbody>(.*?)</tbody>', page, re.DOTALL)
    assert body, f"no table {name}"
    rows = re.findall(r"<tr>(.*?)</tr>", body.group(1), re.DOTALL)
    return [[plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)] for row in rows]


def links(page: str, start: str) -> list[str]:
    """Every address of the page, its charts' included, that begins so."""
    text = html.unescape(page).replace("\\u0026", "&")
    return re.findall(rf'"({re.escape(start)}[^"]*)"', text)
