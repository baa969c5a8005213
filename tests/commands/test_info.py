"""`livepairs info`: what a person and a program are told of a recording."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from livepairs.__main__ import main
from livepairs.schema import TRADES, Gap, Marker
from livepairs.stores.recording import Provenance, RecordingWriter

START_US = 1_723_075_200_000_000


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    rows = [
        {
            "ts": START_US + at * 1_000_000,
            "recv_ts": START_US + at * 1_000_000 + 2_500,
            "symbol": symbol,
            "trade_id": at,
            "price": 1.5,
            "qty": 1.0,
            "buyer_is_maker": True,
        }
        for symbol, count in (("AAAUSDT", 3), ("BBBUSDT", 11))
        for at in range(count)
    ]
    columns = [pa.array([row[field.name] for row in rows]).cast(field.type) for field in TRADES]
    with RecordingWriter(tmp_path / "monday", source="synthetic:?seed=7", is_synthetic=True) as writer:
        writer.append(pa.RecordBatch.from_arrays(columns, schema=TRADES))
        writer.finish(
            Provenance(
                gaps=(Gap("AAAUSDT", START_US, START_US + 2_000_000, "feed away", 4),),
                markers=(Marker(START_US, "break", "planted"),),
                repairs={"duplicate rows": 5},
                skipped={"bookTicker": 9},
                clock_offset_us=-1_272_549,
            )
        )
    return tmp_path / "monday"


def test_person_is_told_everything_that_matters(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(recording)]) == 0
    out = capsys.readouterr().out
    for part in (
        "monday  [SYNTHETIC: generated, not traded]",
        "2024-08-08T00:00:00Z to 2024-08-08T00:00:10Z  (0:00:10)",
        "trades        14",
        "AAAUSDT                    3",
        "2.500 ms after the trade",
        "1,272.549 ms behind the exchange",
        "AAAUSDT  2024-08-08T00:00:00Z to 2024-08-08T00:00:02Z  feed away, 4 trades missing",
        "2024-08-08T00:00:00Z  break",
        "duplicate rows 5",
        "bookTicker 9",
        "no live digest",
    ):
        assert part in out


def test_json_is_one_object_with_the_same_facts(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(recording), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["source"], found["is_synthetic"]) == ("monday", "synthetic:?seed=7", True)
    assert {symbol: of["trades"] for symbol, of in found["symbols"].items()} == {"AAAUSDT": 3, "BBBUSDT": 11}
    size = sum(path.stat().st_size for path in recording.rglob("*.parquet"))
    assert found["bytes"] == size
    assert found["bytes_per_trade"] == round(size / 14, 3)
    assert found["gaps"] == [
        {
            "symbol": "AAAUSDT",
            "start": "2024-08-08T00:00:00Z",
            "end": "2024-08-08T00:00:02Z",
            "cause": "feed away",
            "missing": 4,
            "is_healed": False,
            "from_id": None,
            "to_id": None,
            "opened": None,
            "closed": None,
            "how": "",
        }
    ]
    assert found["completeness"] == pytest.approx(1 - 2 / 10 / 2, abs=1e-6)
    assert len(found["digest"]) == 64
    assert found["live_digest"] is None


def test_folder_that_is_no_recording_ends_with_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(tmp_path)]) == 2
    assert "is not a recording" in capsys.readouterr().err
