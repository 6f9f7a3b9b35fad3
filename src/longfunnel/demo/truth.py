"""The truth about the invented business: what an honest reading of its files should find again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from longfunnel.demo.export.files import roubles, write_json

if TYPE_CHECKING:
    from pathlib import Path

    from longfunnel.demo.ads import Spend


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be read and belongs in the quarantine. ``line`` counts from 1, the header included."""

    path: Path
    line: int
    their_column: str
    value: str
    our_column: str
    source: str


@dataclass(frozen=True)
class Ledgered:
    """A planted situation that the ledger should name: which fact, why, in which source, which rows, how much
    (kopecks or cents)."""

    fact: str
    situation: str
    source: str
    ids: list[str]
    amount: int | None = None
    currency: str = "RUB"


@dataclass
class Truth:
    """Everything true about the files in ``folder``. Bulky truths are Parquet tables in ``folder/truth``, named in
    ``tables``."""

    folder: Path
    facts: dict[str, Any]
    """What the business is: name, seed, scale, period."""
    totals: dict[str, Any] = field(default_factory=dict)
    files: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    ledgered: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)

    @property
    def since(self) -> str:
        """The first day of the history, as an ISO date."""
        return str(self.facts["since"])

    @property
    def until(self) -> str:
        """The last day of the history, as an ISO date."""
        return str(self.facts["until"])

    def file(self, path: Path, source: str, fact: str, rows: int) -> None:
        """Note a written file and its rows, bad and repeated ones included."""
        name = path.relative_to(self.folder).as_posix()
        self.files.append({"path": name, "source": source, "fact": fact, "rows": rows, "bytes": path.stat().st_size})

    def spend(
        self,
        source: str,
        path: Path,
        rows: int,
        spend: Spend | None,
        minor: int,
        currency: str,
        extra: tuple[int, int] = (0, 0),
    ) -> None:
        """Note a file of spend: its sum in ``currency`` (hundredths), and impressions and clicks (``extra``: rows
        beyond ``spend``)."""
        self.file(path, source, "spend", rows)
        sums: dict[str, Any] = {"cost": roubles(minor), "currency": currency}
        if spend is not None:
            sums |= {
                "impressions": int(spend.impressions.sum()) + extra[0],
                "clicks": int(spend.clicks.sum()) + extra[1],
            }
        self.totals.setdefault("spend", {})[source] = sums

    def bad(self, row: BadRow) -> None:
        """Note a row that must land in the quarantine."""
        place = {"path": row.path.relative_to(self.folder).as_posix(), "line": row.line, "source": row.source}
        self.quarantine.append(
            {**place, "their_column": row.their_column, "our_column": row.our_column, "value": row.value}
        )

    def ledger(self, entry: Ledgered) -> None:
        """Note a situation that the ledger must name."""
        amount = None if entry.amount is None else roubles(entry.amount)
        row = {
            "fact": entry.fact,
            "situation": entry.situation,
            "source": entry.source,
            "rows": len(entry.ids),
            "ids": entry.ids,
        }
        self.ledgered.append({**row, "amount": amount, "currency": entry.currency})

    def table(self, name: str, columns: dict[str, Any]) -> None:
        """Write a bulky truth as a Parquet table."""
        path = self.folder / "truth" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path, compression="zstd")
        self.tables[name] = path.relative_to(self.folder).as_posix()

    def read(self, name: str) -> pa.Table:
        """A bulky truth: ``leads``, ``deals`` or ``identifiers``."""
        return pq.read_table(self.folder / self.tables[name])

    def as_json(self) -> dict[str, Any]:
        """All but the bulky truths, as ``truth.json`` holds it."""
        return {
            **self.facts,
            "totals": self.totals,
            "channels": self.channels,
            "faults": self.faults,
            "ledger": self.ledgered,
            "quarantine": self.quarantine,
            "files": self.files,
            "tables": self.tables,
        }

    def write(self) -> None:
        """Write ``truth.json``."""
        write_json(self.folder / "truth.json", self.as_json())
