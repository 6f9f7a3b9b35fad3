"""The API keeps to its own description, whatever is sent: no answer that the description does not know, no fault of the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.web.visitor import Browser

pytestmark = pytest.mark.slow


def test_the_api_answers_as_it_is_described(enter: Callable[[str], Browser]) -> None:
    browser = enter("owner")
    page = browser.post("/account/tokens", at="/account", name="schema", scope=["reports", "people"]).text
    found = re.search(r"lft_[\w-]{20,}", page)
    assert found
    headers = {"authorization": f"Bearer {found.group(0)}"}
    client = enter("").client
    described = client.get("/api/openapi.json", headers=headers)
    schema = schemathesis.openapi.from_dict(described.json())
    operations = [result.ok() for result in schema.get_all_operations()]
    assert {operation.path for operation in operations} >= {"/api/v1/reports"}

    @settings(max_examples=60, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        operation = data.draw(st.sampled_from(operations))
        case = data.draw(operation.as_strategy())
        asked = case.as_transport_kwargs(base_url="http://testserver.local")
        answer = client.request(
            operation.method.upper(), asked["url"], params=asked.get("params"), headers={**headers, **_plain(asked)}
        )
        assert answer.status_code < 500, (case.path, asked)
        assert str(answer.status_code) in operation.definition.raw["responses"], (answer.status_code, asked)

    ask()


def _plain(asked: dict[str, object]) -> dict[str, str]:
    """The headers of a case that a client can send at all."""
    given_headers = asked.get("headers") or {}
    assert hasattr(given_headers, "items")
    return {
        str(name): str(value)
        for name, value in given_headers.items()
        if str(value).isascii() and str(value).isprintable() and str(name).lower() != "authorization"
    }
