"""Carries a plan out: each batch is noted as intended before it is sent and as done after it, so that a kill in between leaves
neither doubt nor doubles; and takes back what was written."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longfunnel.app.business import now
from longfunnel.app.sources.connected import given_of, source_named
from longfunnel.app.write_back import log
from longfunnel.app.write_back.planning import plan
from longfunnel.connect._engine.running import api_of, shaping_of
from longfunnel.warehouse.database import transaction

if TYPE_CHECKING:
    from longfunnel.app.business import Business
    from longfunnel.app.write_back.planning import Change, Planned
    from longfunnel.connect._engine import Conversion
    from longfunnel.core.progress import Progress
    from longfunnel.core.settings import WriteBack


@dataclass
class Done:
    """What was carried out."""

    written: int = 0
    """Values."""
    conversions: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    """Record → why."""


async def carry_out(business: Business, planned: Planned, tell: Progress) -> Done:
    """Write what was planned. A failure of one record does not stop the others; raises ConnectError when the system is away, with
    what was written before in the log."""
    done = Done()
    rule = planned.rule
    at = now()
    with transaction(business.warehouse):
        for state, changes in (("same", planned.same), ("kept", planned.kept)):
            log.add(business.warehouse, (_noted(rule, change, state, at) for change in changes))
    if planned.conversions or planned.unsure:
        await _upload(business, planned, tell, done)
    back = planned.given.connector.write_back
    if back is None or not planned.changes:
        return done
    by_record: dict[str, list[Change]] = defaultdict(list)
    for change in planned.changes:
        by_record[change.record_id].append(change)
    records = list(by_record)
    async with api_of(planned.given) as api:
        for start in range(0, len(records), back.at_once):
            some = {record: by_record[record] for record in records[start : start + back.at_once]}
            with transaction(business.warehouse):
                numbers = {
                    record: log.add(business.warehouse, (_noted(rule, change, "intended", at) for change in changes))
                    for record, changes in some.items()
                }
            told = await back.update(
                api,
                rule.fact,
                {record: {change.field: change.becomes for change in changes} for record, changes in some.items()},
            )
            with transaction(business.warehouse):
                for record, changes in some.items():
                    trouble = told.get(record, "")
                    log.move(business.warehouse, numbers[record], "failed" if trouble else "done", trouble)
                    if trouble:
                        done.failed[record] = trouble
                    else:
                        done.written += len(changes)
            tell(f"{rule.name}: {start + len(some):,} of {len(records):,} records", (start + len(some)) / len(records))
    return done


async def _upload(business: Business, planned: Planned, tell: Progress, done: Done) -> None:
    back = planned.given.connector.conversions
    assert back is not None  # noqa: S101 - the plan has looked
    rule = planned.rule
    batches = list(planned.unsure.items())
    for start in range(0, len(planned.conversions), back.at_once):
        some = planned.conversions[start : start + back.at_once]
        batches.append((hashlib.sha256("\n".join(sorted(one.deal_id for one in some)).encode()).hexdigest()[:16], some))
    async with api_of(planned.given) as api:
        for number, (batch, some) in enumerate(batches, 1):
            # noted before it is sent: after a kill the same deals go out under the same name, by which the system knows them
            with transaction(business.warehouse):
                numbers = log.add(business.warehouse, (_sent(rule, one, batch) for one in some))
            receipt = await back.upload(
                api, shaping_of(planned.given).options, rule.target, f"longfunnel {rule.name} {batch}", some
            )
            with transaction(business.warehouse):
                log.move(business.warehouse, numbers, "done", receipt)
            done.conversions += len(some)
            tell(f"{rule.name}: {done.conversions:,} conversions", number / len(batches))


def write_automatically(business: Business) -> str:
    """Carry out the rules that want to be carried out after each build; what was written, in a few words. Empty: nothing."""
    told = []
    for rule in business.settings.write_back:
        if rule.automatic:
            done = asyncio.run(_both(business, rule))
            if done.written or done.conversions or done.failed:
                told.append(f"{rule.name}: {done.written + done.conversions} written, {len(done.failed)} refused")
    return "; ".join(told)


async def _both(business: Business, rule: WriteBack) -> Done:
    return await carry_out(business, await plan(business, rule), lambda *_: None)


async def undo(business: Business, rule: WriteBack, tell: Progress) -> Done:
    """Put back what was there before the rule wrote, where what it wrote is there still. Conversions cannot be taken back."""
    done = Done()
    writes = log.done(business.warehouse, rule.name)
    given = given_of(business, source_named(business, rule.to))
    back = given.connector.write_back
    if back is None or not writes:
        return done
    by_record: dict[tuple[str, str], list[log.Write]] = defaultdict(list)
    for write in writes:
        by_record[write.fact, write.record_id].append(write)
    async with api_of(given) as api:
        for fact in back.facts:
            records = [record for of, record in by_record if of == fact]
            for start in range(0, len(records), back.at_once):
                some = records[start : start + back.at_once]
                fields = sorted({write.field for record in some for write in by_record[fact, record]})
                held = await back.current(api, fact, some, fields)
                ours = {
                    record: [
                        write
                        for write in by_record[fact, record]
                        if held.get(record, {}).get(write.field) == write.became
                    ]
                    for record in some
                }
                told = await back.update(
                    api,
                    fact,
                    {record: {write.field: write.was for write in mine} for record, mine in ours.items() if mine},
                )
                with transaction(business.warehouse):
                    for record, mine in ours.items():
                        if trouble := told.get(record, ""):
                            done.failed[record] = trouble
                            continue
                        log.move(business.warehouse, [write.number for write in mine], "undone")
                        done.written += len(mine)
                tell(f"{rule.name}: taking back", (start + len(some)) / len(records))
    return done


def _sent(rule: WriteBack, one: Conversion, batch: str) -> tuple[object, ...]:
    return (
        rule.name,
        rule.to,
        "deal",
        one.deal_id,
        "conversion",
        rule.target,
        None,
        one.amount or "1",
        "intended",
        batch,
        now(),
    )


def _noted(rule: WriteBack, change: Change, state: str, at: object) -> tuple[object, ...]:
    return (
        rule.name,
        rule.to,
        change.fact,
        change.record_id,
        change.column,
        change.field,
        change.was or None,
        change.becomes,
        state,
        "",
        at,
    )
