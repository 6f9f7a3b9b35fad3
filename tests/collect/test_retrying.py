"""A webhook that could not be understood becomes facts once its mapping is mended, and nothing doubles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longfunnel.app.business import Business

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.collect.conftest import Collector


def test_a_mended_mapping_takes_what_was_set_aside(make: Callable[..., Collector]) -> None:
    collector = make()
    (collector.folder / "own").rename(collector.folder / ".longfunnel")
    bodies = [{"nr": 1, "client": {"phones": ["89123456789"]}}, [{"id": 2}, {"nr": 3}], {"id": 4, "date": "never"}]
    for body in bodies:
        assert collector.ask("POST", "/hooks/tilda/t0ken", json.dumps(body).encode()).status == 200
    assert collector.rows("SELECT lead_id FROM facts.lead") == [("2",)]
    assert collector.rows("SELECT count(*) FROM main.quarantine") == [(3,)]
    file = collector.folder / "longfunnel.toml"
    file.write_text(collector.settings.replace('"id"', '["id", "nr"]', 1), "utf-8")
    with Business(collector.folder) as business:
        (report,) = business.sync(["tilda"])
        assert (report.read, report.added, report.same, report.quarantined) == (4, 2, 1, 1)
        leads = "SELECT lead_id, phone, system FROM facts.lead ORDER BY 1"
        assert business.warehouse.execute(leads).fetchall() == [
            ("1", "+79123456789", "crm"),
            ("2", None, "crm"),
            ("3", None, "crm"),
        ]
        (again,) = business.sync(["tilda"])
        assert (again.read, again.quarantined) == (1, 1)
        assert [row["raw"] for row in _quarantine(business)] == ['{"id":4,"date":"never"}']


def _quarantine(business: Business) -> list[dict[str, str]]:
    from longfunnel.app.sources.quarantine import quarantine

    return quarantine(business, "tilda")[0]
