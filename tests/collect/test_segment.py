from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from longfunnel.collect.log.segment import MARK, frame, parse

payloads = st.lists(
    st.one_of(st.binary(max_size=40), st.just(MARK), st.binary(max_size=8).map(lambda data: MARK + data)), max_size=12
)


@given(payloads, st.integers(0, 1000))
def test_what_was_framed_is_read_back(written: list[bytes], start: int) -> None:
    records, damages = parse(b"".join(map(frame, written)), start)
    assert [record.payload for record in records] == written
    assert not damages
    offset = start
    for record in records:
        assert record.offset == offset
        offset += len(frame(record.payload))


@given(payloads, st.data())
@settings(deadline=None)
def test_a_cut_end_is_torn_and_every_whole_record_stays(written: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(frame, written))
    cut = data.draw(st.integers(0, len(whole)))
    records, damages = parse(whole[:cut])
    ends, total = [], 0
    for payload in written:
        total += len(frame(payload))
        ends.append(total)
    assert [record.payload for record in records] == [
        payload for payload, end in zip(written, ends, strict=True) if end <= cut
    ]
    assert [damage.is_torn for damage in damages] == ([] if cut in (0, *ends) else [True])


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=10), st.data())
@settings(deadline=None)
def test_changed_bytes_cost_only_the_records_they_are_in(written: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(frame, written)))
    start = data.draw(st.integers(0, len(whole) - 1))
    end = data.draw(st.integers(start + 1, min(len(whole), start + 30)))
    for place in range(start, end):
        whole[place] ^= data.draw(st.integers(1, 255))
    records, damages = parse(bytes(whole))
    untouched, offset = [], 0
    for payload in written:
        length = len(frame(payload))
        if offset + length <= start or offset >= end:
            untouched.append((offset, payload))
        offset += length
    assert [(record.offset, record.payload) for record in records] == untouched
    assert damages
    covered = sum(len(frame(record.payload)) for record in records) + sum(
        damage.end - damage.start for damage in damages
    )
    assert covered == len(whole)


def test_zeros_at_the_end_are_an_unfinished_write() -> None:
    _, damages = parse(frame(b"x") + bytes(500))
    assert [damage.is_torn for damage in damages] == [True]


def test_noise_between_records_is_damage_and_not_torn() -> None:
    records, damages = parse(frame(b"a") + b"noise" + frame(b"b"))
    assert [record.payload for record in records] == [b"a", b"b"]
    assert [damage.is_torn for damage in damages] == [False]
