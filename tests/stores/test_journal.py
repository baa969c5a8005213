"""The journal: what is read back is what was written up to some page, wherever the file was cut or damaged."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from livepairs.schema import Gap
from livepairs.stores import journal
from livepairs.stores.journal import (
    MARK_COLUMNS,
    TRADE_COLUMNS,
    Body,
    Head,
    Page,
    SegmentWriter,
    columns_of,
    has_pages_after,
    pages_of,
    segments_of,
)
from tests.factories import make_marks, make_trades, mix


def body(now_us: int, trades: pa.RecordBatch, marks: pa.RecordBatch | None = None, **more: object) -> Body:
    symbols: dict[str, int] = {}
    buffers = list(columns_of([trades], TRADE_COLUMNS, symbols)) if trades.num_rows else []
    if marks is not None:
        buffers += columns_of([marks], MARK_COLUMNS, symbols)
    head = Head(now_us, tuple(symbols), trades.num_rows, 0 if marks is None else marks.num_rows, **more)  # type: ignore[arg-type]
    return Body(head, buffers)


def write(folder: Path, *bodies: Body, number: int = 0, first_page: int = 0) -> Path:
    writer = SegmentWriter(folder, number, first_page=first_page)
    for one in bodies:
        writer.append(one)
    writer.sync()
    writer.close()
    return writer.path


def three_pages(folder: Path) -> Path:
    return write(folder, *(body(10 * n, make_trades("BTCUSDT", [10 * n, 10 * n + 1], first_id=n)) for n in (1, 2, 3)))


def times(pages: list[Page]) -> list[int]:
    return [page.head.now_us for page in pages]


def test_a_page_gives_back_rows_time_ledger_and_checks(tmp_path: Path) -> None:
    trades = mix(make_trades("BTCUSDT", [5, 7], price=[0.1, 2.0]), make_trades("币安人生USDT", [6], first_id=9))
    gap = Gap("BTCUSDT", 1, 2, "ids skipped", 3, from_id=4, to_id=6, opened_us=9, how="open")
    one = body(8, trades, make_marks("BTCUSDT", [5]), checks=(1, 0, 0), digest="ab", gaps=(gap,), notes={"a": {"b": 1}})
    segment = write(tmp_path, Body(one.head, [*one.buffers, b"\x01\x02\x03\x04"]))
    (page,) = pages_of(segment, first_page=0)
    assert page.head == one.head
    assert page.head.symbols == ("BTCUSDT", "币安人生USDT")
    assert page.trades["symbol"].tolist() == [0, 1, 0]
    assert page.trades["ts"].tolist() == [5, 6, 7]
    assert page.trades["trade_id"].tolist() == [1, 9, 2]
    assert page.trades["price"].tolist() == [0.1, 100.0, 2.0]
    assert page.trades["buyer_is_maker"].tolist() == [0, 0, 1]
    assert page.marks["next_funding_ts"].tolist() == [3_600_000_005]
    assert page.checks == (b"\x01\x02\x03\x04", b"", b"")
    assert page.end == segment.stat().st_size


def test_a_segment_cut_at_any_byte_gives_the_pages_before(tmp_path: Path) -> None:
    segment = three_pages(tmp_path)
    content = segment.read_bytes()
    ends = [page.end for page in pages_of(segment, first_page=0)]
    near = {end + step for end in ends for step in (-1, 0)}
    for length in sorted({*range(0, len(content), 7), *near}):
        segment.write_bytes(content[:length])
        assert len(list(pages_of(segment, first_page=0))) == sum(end <= length for end in ends)


def test_a_changed_byte_ends_the_reading_at_its_page(tmp_path: Path) -> None:
    segment = three_pages(tmp_path)
    content = segment.read_bytes()
    ends = [page.end for page in pages_of(segment, first_page=0)]
    for place in range(0, len(content), 7):
        segment.write_bytes(content[:place] + bytes([content[place] ^ 0x10]) + content[place + 1 :])
        assert len(list(pages_of(segment, first_page=0))) == sum(end <= place for end in ends)


def test_zeros_behind_the_last_page_as_a_power_cut_leaves_them_are_no_pages(tmp_path: Path) -> None:
    segment = three_pages(tmp_path)
    with segment.open("ab") as file:
        file.write(bytes(5_000))
    assert times(list(pages_of(segment, first_page=0))) == [10, 20, 30]
    assert not has_pages_after(segment, segment.stat().st_size - 5_000)


def test_pages_of_another_number_than_expected_are_not_read(tmp_path: Path) -> None:
    segment = three_pages(tmp_path)
    assert list(pages_of(segment, first_page=1)) == []


def test_whole_pages_behind_a_damaged_one_are_noticed(tmp_path: Path) -> None:
    segment = three_pages(tmp_path)
    first, second, _ = pages_of(segment, first_page=0)
    content = bytearray(segment.read_bytes())
    content[first.end + 30] ^= 1
    segment.write_bytes(content)
    assert has_pages_after(segment, first.end)
    segment.write_bytes(content[: second.end])
    assert not has_pages_after(segment, first.end)


def test_a_write_that_fails_half_way_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SegmentWriter(tmp_path, 0, first_page=0)
    writer.append(body(10, make_trades("BTCUSDT", [1])))
    real = os.write
    left = [50]

    def full(file: int, content: memoryview) -> int:
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        written = real(file, content[: left[0]])
        left[0] -= written
        return written

    with monkeypatch.context() as patched:
        patched.setattr(journal.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            writer.append(body(20, make_trades("BTCUSDT", [2])))
    writer.append(body(30, make_trades("BTCUSDT", [3])))
    writer.close()
    assert times(list(pages_of(writer.path, first_page=0))) == [10, 30]


def test_segments_are_listed_in_their_order(tmp_path: Path) -> None:
    for number in (2, 0, 1):
        write(tmp_path, number=number)
    (tmp_path / "about.json").write_text("{}")
    assert list(segments_of(tmp_path)) == [0, 1, 2]
