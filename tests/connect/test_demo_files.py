"""The invented business's own files: every row that its truth counts comes in."""

from __future__ import annotations

import pytest
from tests.connect.conftest import NOW

from longfunnel.connect import import_source
from longfunnel.core.settings import parse_settings
from longfunnel.demo import write_business
from longfunnel.warehouse.database import open_warehouse


@pytest.mark.slow
def test_every_row_of_the_invented_business_is_accounted_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("demo")
    write_business(folder, scale="small")
    settings = parse_settings((folder / "longfunnel.toml").read_text("utf-8"))
    warehouse = open_warehouse(folder / ".longfunnel")
    for source in settings.source:
        report = import_source(warehouse, source, business=settings.business, folder=folder, recorded_at=NOW)
        assert report.read == report.added + report.changed + report.same + report.quarantined > 0, source.name
        assert report.quarantined <= 1, report.messages
    warehouse.close()
