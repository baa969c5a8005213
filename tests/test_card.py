"""What recordings and results look like in a cell."""

from __future__ import annotations

from pathlib import Path

from livepairs.card import card
from livepairs.stores.recording import open_recording

DEMO = Path(__file__).resolve().parent.parent / "recordings" / "demo"


def test_everything_is_escaped():
    shown = card("<script>", [("<b>", "<i>&")])
    assert "&lt;script&gt;" in shown
    assert "&lt;b&gt;" in shown
    assert "&lt;i&gt;&amp;" in shown


def test_numbers_are_written_as_people_read_them():
    shown = card("x", [("a", 1_234_567), ("b", 0.123456789), ("c", None), ("d", True)])
    for text in ("1,234,567", "0.123457", "–", "yes"):
        assert f">{text}<" in shown


def test_colours_are_those_around_it():
    assert "color: inherit" in card("x", [])


def test_a_recording_prints_its_symbols_trades_and_span():
    recording = open_recording(DEMO)
    shown = recording._repr_html_()
    assert "Recording demo" in shown
    assert f"{recording.trade_count:,}" in shown
    assert "2026-01-05T08:" in shown
    assert repr(recording).startswith("Recording('demo': ")
