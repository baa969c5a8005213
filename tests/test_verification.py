"""Verification: it finds the file that was changed and the row that differs, and claims nothing it cannot know."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from livepairs.errors import RecordingError
from livepairs.pairs.machine import PairParams
from livepairs.pipeline import RunParams
from livepairs.schema import Pair
from livepairs.session import Session
from livepairs.stores.carry import carried
from livepairs.stores.layout import sha256_of
from livepairs.stores.manifest import MANIFEST
from livepairs.stores.recorder import RecorderLimits
from livepairs.stores.recording import RecordingWriter, open_recording
from livepairs.verification import verify
from tests.factories import make_chunk, make_trades
from tests.memory_recording import START_US

BTC, ETH = "BTCUSDT", "ETHUSDT"
SECOND = 1_000_000
PARAMS = RunParams((Pair(ETH, BTC),), pair_params=PairParams(5, 3, 3, 0))


@pytest.fixture
def rec(tmp_path: Path) -> Path:
    """Return a recording of twenty seconds that was made live."""
    return record(tmp_path, PARAMS)


def record(folder: Path, params: RunParams) -> Path:
    limits = RecorderLimits(turn_us=1_000)
    with Session(folder / "rec", params, source="test", symbols=(BTC, ETH), limits=limits) as session:
        for number in range(20):
            at_us = START_US + number * SECOND
            btc = make_trades(BTC, [at_us + 1_000], first_id=number, price=100.0 + number % 3)
            eth = make_trades(ETH, [at_us + 2_000], first_id=number, price=10.0 + number % 5)
            session.update(make_chunk(at_us + SECOND - 1, btc, eth))
        session.close()
    return folder / "rec"


@pytest.mark.parametrize("hedge", ["tls", "ewols:2", "kalman:3", "fixed:0.5,1"])
def test_a_recording_replays_by_the_hedge_method_it_had_live(tmp_path: Path, hedge: str) -> None:
    made = record(tmp_path, RunParams((Pair(ETH, BTC),), pair_params=PairParams(7, 3, 3, 0, hedge=hedge)))
    recording = open_recording(made)
    proof = recording.manifest.proof
    assert proof is not None
    assert proof.params.hedge == hedge
    assert verify(recording).is_proven


def test_a_proof_from_before_there_were_other_methods_is_one_of_least_squares(rec: Path) -> None:
    def forget(manifest: dict[str, Any]) -> None:
        assert manifest["proof"]["params"].pop("hedge") == "ols"

    change_manifest(rec, forget)
    assert verify(open_recording(rec)).is_proven


def change_manifest(rec: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((rec / MANIFEST).read_text())
    change(manifest)
    (rec / MANIFEST).write_text(json.dumps(manifest))


def rewrite_trades(rec: Path, tmp_path: Path, *, price: float) -> None:
    """Give one trade another price, and let the manifest agree with the file: a forgery that only the proof finds."""
    trades = open_recording(rec).trades(symbols=[ETH])
    prices = trades.column("price").to_pylist()
    prices[7] = price
    at = trades.schema.get_field_index("price")
    forged = trades.set_column(at, trades.schema.field(at), [prices])
    with RecordingWriter(tmp_path / "forged", source="x") as writer:
        for batch in forged.to_batches():
            writer.append(batch)
        (entry,) = writer.finish().files
    (tmp_path / "forged" / entry.path).replace(rec / entry.path)

    def agree(manifest: dict[str, Any]) -> None:
        own = next(one for one in manifest["files"] if one["path"] == entry.path)
        own.update(sha256=sha256_of(rec / entry.path), bytes=entry.bytes)

    change_manifest(rec, agree)


def test_a_recording_as_it_was_made_is_proved_at_any_batch_size(rec: Path) -> None:
    for batch_rows in (1, 3, 131_072):
        verdict = verify(open_recording(rec), batch_rows=batch_rows)
        assert verdict.is_proven
        assert (verdict.trades, verdict.bars, verdict.pairs) == (40, 38, 19)
        assert verdict.digest == verdict.live_digest
        assert "very digest it had live" in verdict.sentence


def test_a_recording_carried_away_is_proved_where_it_is_unpacked(rec: Path, tmp_path: Path) -> None:
    content = b"".join(carried(open_recording(rec), "zip", limit_bytes=1 << 30))
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "elsewhere")
    assert verify(open_recording(tmp_path / "elsewhere" / "rec")).is_proven


def test_progress_is_told_chunk_by_chunk(rec: Path) -> None:
    seen: list[int] = []
    verify(open_recording(rec), on_chunk=lambda chunk: seen.append(chunk.trades.num_rows))
    assert sum(seen) == 40


def test_a_changed_trade_is_named_by_the_first_bar_that_differs(rec: Path, tmp_path: Path) -> None:
    rewrite_trades(rec, tmp_path, price=10.5)
    verdict = verify(open_recording(rec), batch_rows=4)
    assert verdict.is_proven is False
    assert verdict.difference is not None
    assert (verdict.difference.hop, verdict.difference.row) == ("bars", 15)  # two legs a second: second 7, ETHUSDT
    assert verdict.difference.replayed is not None
    assert (verdict.difference.replayed["symbol"], verdict.difference.replayed["close"]) == (ETH, 10.5)
    assert "bars row 15 differs: the replay has ts 2023-11-14T22:13:27.000000Z, symbol ETHUSDT" in verdict.sentence


def test_other_parameters_than_were_live_are_named_by_the_first_pair_row(rec: Path) -> None:
    change_manifest(rec, lambda manifest: manifest["proof"]["params"].update(z_window=4))
    verdict = verify(open_recording(rec))
    assert verdict.difference is not None
    assert verdict.difference.hop == "pairs"
    assert "live it had other values" in verdict.sentence


def test_rows_that_were_not_there_live_are_named(rec: Path) -> None:
    def vouch_for_more(manifest: dict[str, Any]) -> None:
        manifest["vouched_us"] += SECOND

    change_manifest(rec, vouch_for_more)
    verdict = verify(open_recording(rec))
    assert verdict.difference is not None
    assert (verdict.difference.hop, verdict.difference.row) == ("bars", 38)
    assert "live there were only 38" in verdict.sentence


def test_rows_that_are_missing_in_the_replay_are_named(rec: Path) -> None:
    def vouch_for_less(manifest: dict[str, Any]) -> None:
        manifest["vouched_us"] -= SECOND

    change_manifest(rec, vouch_for_less)
    verdict = verify(open_recording(rec))
    assert verdict.difference is not None
    assert (verdict.difference.hop, verdict.difference.row, verdict.difference.replayed) == ("bars", 36, None)
    assert "there were 38 live, the replay has 36" in verdict.sentence


def test_another_version_is_mentioned_where_the_digest_differs(rec: Path) -> None:
    def pretend(manifest: dict[str, Any]) -> None:
        manifest["proof"].update(version="0.0.9", digest="0" * 64)

    change_manifest(rec, pretend)
    verdict = verify(open_recording(rec))
    assert verdict.is_proven is False
    assert verdict.difference is None
    assert "no single row was found to differ (recorded by livepairs 0.0.9" in verdict.sentence


@pytest.mark.parametrize("pattern", ["trades/*ETH*/*.parquet", "proof/bars.u32"])
def test_a_changed_or_missing_file_is_named(rec: Path, pattern: str) -> None:
    (path,) = rec.glob(pattern)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=rf"{path.name}.* was changed"):
        verify(open_recording(rec))
    path.unlink()
    with pytest.raises(RecordingError, match="missing"):
        verify(open_recording(rec))


def test_an_import_is_found_whole_and_nothing_more_is_claimed(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "rec", source="import") as writer:
        writer.append(make_trades(BTC, range(10)))
        writer.finish()
    verdict = verify(open_recording(tmp_path / "rec"), batch_rows=3)
    assert (verdict.is_proven, verdict.trades, verdict.live_digest) == (None, 10, None)
    assert "no live digest to compare a replay with" in verdict.sentence


def test_rows_out_of_order_are_found_though_the_files_are_whole(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / "rec", source="import") as writer:
        writer.append(make_trades(BTC, [1, 2, 3]))
        (entry,) = writer.finish().files
    with RecordingWriter(tmp_path / "later", source="import") as writer:
        writer.append(make_trades(BTC, [1, 2], first_id=7))
        (second,) = writer.finish().files
    again = entry.path.replace("part-00000", "part-00001")
    (tmp_path / "later" / second.path).replace(tmp_path / "rec" / again)

    def add(manifest: dict[str, Any]) -> None:
        files = manifest["files"]
        files.append(
            {**files[0], "path": again, "rows": 2, "sha256": second.sha256, "bytes": second.bytes, "last_us": 2}
        )

    change_manifest(tmp_path / "rec", add)
    with pytest.raises(RecordingError, match="out of order"):
        verify(open_recording(tmp_path / "rec"))
