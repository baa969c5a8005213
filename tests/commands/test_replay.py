"""`livepairs replay` as a user types it, on a real recording and with everything that can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from livepairs.__main__ import main
from livepairs.schema import BARS, EVENTS, PAIRS
from livepairs.stores.recording import open_recording

DEMO = Path(__file__).resolve().parents[2] / "recordings" / "demo"
KEYS = ["trades", "late", "rejected", "bars", "pairs", "events", "digest", "seconds"]
SUMS = {"volume": "qty", "quote_volume": "quote", "buy_volume": "bought"}


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Import the raw logs of 2024-08-08, 23:54:16 to 24:00 UTC."""
    target = tmp_path_factory.mktemp("real") / "R"
    files = sorted(str(file) for file in (shared_data / "um_raw_20240808").glob("*.gz"))
    assert main(["import", *files, "--to", str(target)]) == 0
    return target


def replay(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict:
    assert main(["replay", *map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_acceptance_no_trade_is_lost_and_bars_equal_pandas(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The 21,313 + 14,076 trades of the logs' README; the healed view, so that every trade is in its bar."""
    summary = replay(capsys, real, "--pair", "ETHUSDT/BTCUSDT", "--healed", "--out", tmp_path / "O")
    assert [key for key in summary if key in KEYS] == KEYS
    assert (summary["trades"], summary["late"], summary["rejected"]) == (35_389, 0, 0)
    bars, pairs, events = (pd.read_parquet(tmp_path / "O" / f"{hop}.parquet") for hop in ("bars", "pairs", "events"))
    assert (len(bars), len(pairs), len(events)) == (summary["bars"], summary["pairs"], summary["events"])
    assert bars.trade_count.sum() == 35_389
    trades = open_recording(real).trades().to_pandas()
    trades["quote"], trades["bought"] = trades.price * trades.qty, trades.qty * ~trades.buyer_is_maker
    for symbol, rows in trades.groupby("symbol", observed=True):
        found = bars[bars.symbol == symbol].set_index("ts")
        # Every bar ends with the session, though the symbol may have been quiet at its end.
        seconds = pd.date_range(rows.ts.min().floor("1s"), trades.ts.max().floor("1s"), freq="1s")
        assert list(found.index) == list(seconds)
        grid = rows.sort_values(["ts", "trade_id"], kind="stable").set_index("ts").resample("1s")
        prices, counts = grid.price.ohlc().reindex(seconds), grid.price.count().reindex(seconds, fill_value=0)
        before = prices.close.ffill()
        for name in ("open", "high", "low", "close"):
            assert (found[name] == prices[name].fillna(before)).all(), (symbol, name)
        assert (found.trade_count == counts).all()
        assert (found.is_filled == (counts == 0)).all()
        for name, column in SUMS.items():
            np.testing.assert_allclose(found[name], grid[column].sum().reindex(seconds, fill_value=0.0), rtol=1e-12)


def test_as_seen_every_trade_is_in_a_bar_or_late(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = replay(capsys, real, "--pair", "ETHUSDT/BTCUSDT", "--out", tmp_path)
    counted = pd.read_parquet(tmp_path / "bars.parquet").trade_count.sum()
    assert summary["trades"] == 35_389 == counted + summary["late"] + summary["rejected"]
    assert summary["forming"] == 0


def test_slicing_and_repeating_give_the_same_digest(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--pair", "ETHUSDT/BTCUSDT", "--hedge-window", "60", "--z-window", "30", "--corr-window", "20"]
    digests = {
        replay(capsys, real, *options, "--batch-rows", rows, "--out", tmp_path)["digest"]
        for rows in ("1000000", "1000", "97")
    }
    assert len(digests) == 1
    other = replay(capsys, real, *options, "--adf-lags", "0", "--out", tmp_path)["digest"]
    assert other not in digests


@pytest.mark.parametrize(("interval", "bars"), [("100ms", 6876), ("5s", 138), ("1m", 14), ("1h", 4)])
def test_every_interval_covers_the_session(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], interval: str, bars: int
) -> None:
    """From 23:54:16 to just past midnight, for the logging clock ran 1.27 s behind: in 7 minutes and 2 hours."""
    recording = open_recording(real)
    summary = replay(capsys, real, "--bars", interval, "--healed", "--out", tmp_path)
    length = {"100ms": 100_000, "5s": 5_000_000, "1m": 60_000_000, "1h": 3_600_000_000}[interval]
    firsts = [recording.trades(symbols=[s]).column("ts")[0].value for s in recording.symbols]
    assert summary["bars"] == sum(recording.end_us // length - first // length + 1 for first in firsts)
    assert summary["bars"] == pytest.approx(bars, rel=0.02)


def test_the_files_have_the_documented_columns(real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = replay(
        capsys, real, "--pair", "ETHUSDT/BTCUSDT", "--z-window", "30", "--hedge-window", "60", "--out", tmp_path
    )
    assert summary["events"] > 0
    for hop, schema in (("bars", BARS), ("pairs", PAIRS), ("events", EVENTS)):
        assert list(pd.read_parquet(tmp_path / f"{hop}.parquet").columns) == schema.names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--pair", "ETHUSDT/BTCUSD"],
            "symbol 'BTCUSD' of pair 'ETHUSDT/BTCUSD' is not in the source (did you mean 'BTCUSDT'?)",
        ),
        (["--pair", "BTCUSDT/BTCUSDT"], "has the same symbol on both legs"),
        (["--pair", "BTCUSDT"], "is not of the form Y/X"),
        (["--pair", "ETHUSDT/BTCUSDT", "--pair", "ETHUSDT/BTCUSDT"], "a pair is named twice"),
        (["--bars", "2s"], "bar interval '2s' is not known; use one of 100ms, 1s, 5s, 1m, 5m, 15m, 1h"),
        (["--hedge-window", "3"], "hedge window of 3 bars is out of range; use 7 to 1000000"),
        (["--z-window", "1"], "z window of 1 bars is out of range"),
        (["--corr-window", "0"], "corr window of 0 bars is out of range"),
        (["--hedge-window", "many"], "argument --hedge-window: invalid int value: 'many'"),
        (["--adf-lags", "-1"], "adf lags -1 are out of range"),
        (["--price", "logs"], "price 'logs' is not known; use one of log, level"),
        (["--grace-ms", "nan"], "grace of nan ms is not a length of time"),
        (["--grace-ms", "-1"], "grace of -1 ms is out of range"),
        (["--entry", "nan"], "the return must be below it"),
        (["--batch-rows", "0"], "batch of 0 rows is too small; use 1 or more"),
    ],
)
def test_what_the_user_can_fix_is_one_line_and_exit_code_2(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["replay", str(real), *arguments, "--out", str(tmp_path / "O")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("livepairs: error: ")
    assert err.count("\n") == 1
    assert message in err
    assert not (tmp_path / "O").exists()


def test_a_missing_recording_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", str(tmp_path / "absent"), "--out", str(tmp_path / "O")]) == 2
    assert "absent" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_said_before_the_work(
    real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("livepairs.headless.play", lambda *_, **__: pytest.fail("it began the work"))
    assert main(["replay", str(real), "--out", str(tmp_path / place)]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"livepairs: error: cannot write to '{tmp_path / place}': ")
    assert "name a folder that can be written" in err


def test_a_file_that_cannot_be_replaced_is_said(real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs.parquet").mkdir()
    assert main(["replay", str(real), "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("livepairs: error: cannot write to ")


def test_rules_that_cannot_be_used_are_refused_with_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text('[[rule]]\nname = "a"\nwhen = "abs(zz) >= 2"\n')
    arguments = ["--pair", "ETHUSDT/BTCUSDT", "--rules", str(rules), "--out", str(tmp_path / "O")]
    assert main(["replay", str(DEMO), *arguments]) == 2
    first, shown, carets = capsys.readouterr().err.splitlines()
    assert first.startswith(
        f"livepairs: error: {rules}, line 3, column 13: there is no column 'zz' (did you mean 'z'?)"
    )
    assert (shown.strip(), carets.index("^"), carets.count("^")) == ('when = "abs(zz) >= 2"', shown.index("zz"), 2)
    assert not (tmp_path / "O").exists()
