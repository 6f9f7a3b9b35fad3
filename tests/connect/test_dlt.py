"""The bridge to dlt: rows of its sources go in as rows of a fact, once; what it remembers stays with the business."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.connect.systems.amocrm import company

import longfunnel
from longfunnel.app.business import Business
from longfunnel.app.sources.sync import SyncError
from longfunnel.core.errors import SettingsError
from longfunnel.demo.systems.amocrm import Knobs, app
from longfunnel.demo.systems.serving import serving

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

OWN = """
import json
from decimal import Decimal
from pathlib import Path

import dlt

PLACE = Path(__file__).with_name("rows.json")


@dlt.resource(name="deals", primary_key="id")
def deals(token: str = "", updated=dlt.sources.incremental("updated_at", initial_value="2026-01-01T00:00:00Z")):
    if token == "broken":
        raise RuntimeError("the shop is closed")
    for row in json.loads(PLACE.read_text("utf-8")):
        yield {**row, "total": Decimal(row["total"]), "since": str(updated.start_value)}


@dlt.source
def shop():
    return deals(), dlt.resource([{"a": 1}], name="others")


def plain(rows):
    return rows
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The business's folder, with a dlt source of its own beside the settings."""
    (tmp_path / "own_shop.py").write_text(OWN)
    _rows(tmp_path, 3)
    yield tmp_path
    sys.modules.pop("own_shop", None)


def _rows(folder: Path, many: int, **more: Any) -> None:
    rows = [
        {
            "id": number,
            "updated_at": f"2026-10-{number + 1:02}T10:00:00Z",
            "total": f"{number}50.55",
            "name": f"Стол №{number} «Ёж» 😀",
            **more,
        }
        for number in range(many)
    ]
    (folder / "rows.json").write_text(json.dumps(rows), "utf-8")


def _business(folder: Path, **settings: Any) -> Business:
    columns = {
        "columns.deal_id": "id",
        "columns.amount": "total",
        "columns.created_at": "updated_at",
        "columns.name": "name",
    }
    lines = {"type": "dlt", "fact": "deal", "source": "own_shop:deals", **columns, **settings}
    text = "\n".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in lines.items() if value is not None
    )
    head = '[business]\ncurrency = "RUB"\ntimezone = "Europe/Moscow"\n'
    (folder / "longfunnel.toml").write_text(f'{head}[[source]]\nname = "Лавка, shop"\n{text}\n', "utf-8")
    return longfunnel.open(folder)


def _deals(business: Business, columns: str = "deal_id, amount, name") -> list[tuple[Any, ...]]:
    return business.warehouse.execute(
        f"SELECT {columns} FROM (SELECT * FROM facts.deal QUALIFY row_number() OVER (PARTITION BY key_hash ORDER BY recorded_at DESC, import_id DESC) = 1) ORDER BY ALL"
    ).fetchall()


def test_rows_go_in_once_and_only_new_ones_are_asked_for(folder: Path) -> None:
    with _business(folder, **{"columns.company": "since"}) as business:
        assert business.sync()[0].added == 3
        assert _deals(business)[1] == ("1", Decimal("150.55"), "Стол №1 «Ёж» 😀")
        assert business.sync()[0].added == 0
        _rows(folder, 5)
        assert business.sync()[0].added == 2
        # dlt remembers where it was, in the business's folder
        assert [since[:10] for _, since in _deals(business, "deal_id, company")] == ["2026-01-01"] * 3 + [
            "2026-10-03"
        ] * 2
        assert business.state.connections.all()["Лавка, shop"].state == "good"
    assert (folder / ".longfunnel" / "dlt").is_dir()


def test_a_changed_row_is_a_new_version(folder: Path) -> None:
    with _business(folder) as business:
        business.sync()
        rows = json.loads((folder / "rows.json").read_text("utf-8"))
        rows[0] |= {"total": "1.5", "updated_at": "2026-11-01T00:00:00Z"}
        (folder / "rows.json").write_text(json.dumps(rows))
        assert business.sync()[0].changed == 1
        assert _deals(business, "amount")[0] == (Decimal("1.5"),)


def test_a_column_that_comes_later_and_one_that_changes_its_type(folder: Path) -> None:
    with _business(folder) as business:
        business.sync()
    _rows(folder, 5, city="Тверь", name=17)
    with _business(folder, **{"columns.region": "city"}) as business:
        business.sync()
        assert [row[1:] for row in _deals(business, "deal_id, name, region")] == [
            (f"Стол №{n} «Ёж» 😀", None) for n in range(3)
        ] + [("17", "Тверь")] * 2


def test_a_source_of_several_resources_needs_one_named(folder: Path) -> None:
    with _business(folder, source="own_shop:shop") as business, pytest.raises(SyncError, match="deals, others"):
        business.sync()
    with (
        _business(folder, source="own_shop:shop", resource="deal") as business,
        pytest.raises(SyncError, match="Did you mean"),
    ):
        business.sync()
    with _business(folder, source="own_shop:shop", resource="deals") as business:
        assert business.sync()[0].added == 3


def test_rows_that_cannot_be_understood_are_quarantined(folder: Path) -> None:
    with _business(folder, source="own_shop:plain", arguments=None):
        rows = '{id = 1, total = 5, updated_at = "2026-10-01", name = "a"}, {id = 2, total = 7, updated_at = "soon", name = "b"}'
    with (folder / "longfunnel.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"arguments.rows = [{rows}]\n")
    with longfunnel.open(folder) as business:
        report = business.sync()[0]
        assert (report.added, report.quarantined) == (1, 1)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"source": "own_shop:deels"}, "did you mean"),
        ({"source": "no_such_module_here:x"}, "cannot be imported"),
        ({"source": "nonsense"}, "module:function"),
        ({"credentials.token": "broken"}, "the shop is closed"),
        ({"columns.amount": "totl"}, "did you mean"),
        ({"sorce": "x"}, "unknown setting"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, settings: dict[str, Any], words: str) -> None:
    with _business(folder, **settings) as business:
        with pytest.raises(SyncError, match=f"(?i){words}"):
            business.sync()
        assert business.state.connections.all()["Лавка, shop"].state == "trouble"
    with pytest.raises(SettingsError, match="fact"), _business(folder, fact=None) as business:
        business.sync()


def test_without_dlt_it_says_how_to_install_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlt", None)
    with _business(folder) as business, pytest.raises(SyncError, match=r"pip install 'longfunnel\[dlt\]'"):
        business.sync()


def test_dlts_own_source_of_files(folder: Path) -> None:
    drop = folder / "drop"
    drop.mkdir()
    (drop / "a.jsonl").write_text('{"id": 7, "total": 12.5, "updated_at": "2026-10-05T00:00:00Z", "name": "x"}\n')
    arguments = {"arguments.bucket_url": drop.as_uri(), "arguments.file_glob": "*.jsonl"}
    with _business(folder, source="dlt.sources.filesystem:readers", resource="read_jsonl", **arguments) as business:
        assert business.sync()[0].added == 1
        assert _deals(business) == [("7", Decimal("12.5"), "x")]


def test_dlts_own_source_of_rest_apis(folder: Path) -> None:
    system = app(company(), Knobs(requests_per_second=0))
    with serving(system) as url:
        (folder / "crm.py").write_text(
            f'''
from dlt.sources.rest_api import rest_api_source


def deals(token):
    return rest_api_source({{
        "client": {{"base_url": "{url}/api/v4/", "auth": {{"type": "bearer", "token": token}},
                   "paginator": {{"type": "json_link", "next_url_path": "_links.next.href"}}}},
        "resources": [{{"name": "leads", "endpoint": {{"path": "leads", "data_selector": "_embedded.leads",
            "params": {{"limit": 10, "filter[updated_at][from]": "{{incremental.start_value}}"}},
            "incremental": {{"cursor_path": "updated_at", "initial_value": 0}}}}}}],
    }})
'''
        )
        settings = {
            "columns.amount": "price",
            "columns.created_at": "created_at",
            "credentials.token": "long-lived-token",
        }
        with _business(folder, source="crm:deals", **settings) as business:
            business.sync()
            truth = {str(deal.id): Decimal(deal.amount) for deal in company().deals_of("amocrm") if not deal.is_deleted}
            assert dict(_deals(business, "deal_id, amount")) == truth
            asked = len(system.asked)
            system.account.change(next(iter(system.account.leads)), price=5)
            assert business.sync()[0].changed == 1
            assert len(system.asked) == asked + 1
    sys.modules.pop("crm", None)
