"""The layout of data.binance.vision, as its own README has it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.exchanges import WireError
from livepairs.exchanges.binance_archive import ArchiveFile, archive_files, read_checksum

SHA = "1a2B" * 16


def test_paths_of_both_markets_and_spans() -> None:
    assert ArchiveFile("BTCUSDT", date(2024, 8, 8)).path == (
        "/data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-08-08.zip"
    )
    month = ArchiveFile("ETHUSDT", date(2024, 8, 1), is_monthly=True, market="spot", kind="trades")
    assert month.path == "/data/spot/monthly/trades/ETHUSDT/ETHUSDT-trades-2024-08.zip"
    assert ArchiveFile("币安人生USDT", date(2026, 1, 2)).path.isascii()


def test_whole_months_are_taken_at_once_and_the_rest_day_by_day() -> None:
    span = {"first": date(2024, 1, 30), "last": date(2024, 3, 2)}
    files = archive_files("um", "aggTrades", ["BTCUSDT"], **span)
    assert [file.period for file in files] == [
        *("2024-01-30", "2024-01-31", "2024-02", "2024-03-01", "2024-03-02"),
    ]
    days = archive_files("um", "aggTrades", ["BTCUSDT"], **span, has_months=False)
    assert len(days) == 2 + 29 + 2


@given(st.dates(date(2019, 1, 1), date(2026, 1, 1)), st.integers(0, 100), st.booleans())
def test_each_day_asked_for_is_in_one_file_and_no_other_day(first: date, days: int, has_months: bool) -> None:
    last = first + timedelta(days=days)
    files = archive_files("um", "trades", ["A", "B", "A"], first=first, last=last, has_months=has_months)
    for symbol in ("A", "B"):
        covered = [day.first for file in files if file.symbol == symbol for day in file.days()]
        assert covered == [first + timedelta(days=at) for at in range(days + 1)]


@pytest.mark.parametrize("body", [f"{SHA}  x.zip\n", f"{SHA} *x.zip", f"{SHA}", f"{SHA}  x.zip\r\n"])
def test_checksum_line_is_read(body: str) -> None:
    assert read_checksum(body.encode(), "x.zip") == SHA.lower()


@pytest.mark.parametrize(
    "body", ["", SHA[:-1], f"{SHA}  y.zip", f"{SHA}  x.zip\n{SHA}  x.zip", "<html>", f"{SHA} \udcff"]
)
def test_other_bodies_are_refused(body: str) -> None:
    with pytest.raises(WireError, match="expected"):
        read_checksum(body.encode("utf-8", "surrogateescape"), "x.zip")


@given(st.binary(max_size=100))
def test_no_body_raises_anything_else(body: bytes) -> None:
    try:
        read_checksum(body, "x.zip")
    except WireError:
        return
