"""What the source chip says and what its panel lists: how the feed is doing, in finished texts. Pure.

The same panel serves a replay and a live feed; what has no meaning for one of them is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from livepairs.hub import Run
from livepairs.hub.publisher import slowest_hz
from livepairs.hub.taping import TapeState
from livepairs.schema import Gap
from livepairs.views import numbers

if TYPE_CHECKING:
    from livepairs.sources.live_feed import FeedState, StreamState

__all__ = ["Word", "clock", "feed_word", "panel_of", "rate_of", "tape_text", "trouble_of"]

SHOWN_GAPS: Final = 8

_WORDS: Final = {
    "connecting": ("waiting", "CONNECTING"),
    "subscribed": ("waiting", "WAITING"),
    "live": ("live", "LIVE"),
    "rotating": ("live", "LIVE"),
    "silent": ("failed", "SILENT"),
    "waiting": ("waiting", "RECONNECTING"),
    "stopped": ("ended", "STOPPED"),
    "refused": ("failed", "REFUSED"),
}
_HOW: Final = {
    "open": "being fetched",
    "filled": "fetched",
    "arrived": "came late",
    "unfillable": "lost",
}

Fact = tuple[str, str, str, str]
"""Name, value, explanation and state of a figure."""


@dataclass(frozen=True, slots=True)
class Word:
    """What the chip says: its colour, a word, what of, and the sentence behind it."""

    kind: str
    word: str
    detail: str
    explanation: str


def feed_word(run: Run) -> Word:
    """Return what the chip of a live run says."""
    line, state = run.line, run.state
    if state.error:
        return Word("failed", "FAILED", run.label, f"Stopped: {state.error}")
    if line is None:
        return Word("live", "LIVE", run.label, f"Live: {run.label}")
    feed = line.feed
    kind, word = _WORDS[feed.status]
    if feed.status == "waiting" and feed.last_data_us is None:
        word = "NO CONNECTION"
    return Word(kind, word, _detail(run.label, feed), _sentence(feed.sentence))


def _detail(label: str, feed: FeedState) -> str:
    since = f" since {clock(feed.last_data_us)}" if feed.last_data_us else ""
    if feed.status == "silent":
        silent = [name for name, stream in feed.streams.items() if stream.is_silent]
        return f"{silent[0] if len(silent) == 1 else f'{len(silent)} streams'}{since}" if silent else f"all{since}"
    return since.strip() if feed.status in ("waiting", "stopped") and since else label


def trouble_of(run: Run) -> str:
    """Return what is to be said above the charts of a live run whose feed is not well; empty if it is."""
    line = run.line
    if line is None or run.state.error or line.feed.status in ("live", "rotating", "connecting"):
        return ""
    return _sentence(line.feed.sentence)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def tape_text(tape: TapeState, *, now_us: int) -> str:
    """Return what the record button says of itself."""
    session = tape.session
    amount = "" if session is None else f", {numbers.count(session.trades)} trades"
    if tape.status == "recording":
        seconds = 0 if tape.since_us is None else max(0, now_us - tape.since_us) // 1_000_000
        trouble = f" – NOT WRITING: {tape.sentence}" if tape.sentence else ""
        return f"{tape.name}: {seconds // 3600:d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{amount}{trouble}"
    if tape.status == "saving":
        return f"Saving {tape.name}{amount}"
    if tape.status == "saved":
        return f"Saved {tape.name}{amount}"
    return f"{tape.name} failed: {tape.sentence}." if tape.status == "failed" else ""


def panel_of(run: Run) -> dict[str, Any]:
    """Return what the feed panel lists."""
    line = run.line
    feed = None if line is None else line.feed
    # A replay has not come to the others yet.
    gaps = [gap for gap in run.gaps if gap.start_us <= run.status.now_us] if run.kind == "replay" else run.gaps
    more = f"; {len(run.gaps):,} in the whole recording" if len(gaps) < len(run.gaps) else ""
    return {
        "title": run.label,
        "sentence": "" if feed is None else _sentence(feed.sentence),
        "facts": [*_counts(run, feed), *([] if feed is None else _connection(feed))],
        "streams": [] if feed is None else [_stream(name, state, feed) for name, state in feed.streams.items()],
        "gaps": _gap_rows(gaps),
        "gap_text": _gap_text(gaps, feed) + more,
        "action": "" if feed is None else "start" if feed.status in ("stopped", "refused") else "stop",
    }


def _counts(run: Run, feed: FeedState | None) -> list[Fact]:
    status = run.status
    rejected = sum(status.rejected.values()) + (0 if feed is None else sum(feed.rejected.values()))
    reasons = dict(status.rejected) if feed is None else {**status.rejected, **feed.rejected}
    why = "; ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in sorted(reasons.items()) if number)
    facts = [
        ("Trades", numbers.count(status.trades), "Trades counted since the start, or since a replay's last jump", ""),
        ("Rate", rate_of(run), "Trades a second of event time", ""),
        (
            "Late",
            numbers.count(status.late),
            "Trades that came after their bar had closed: counted and kept, never merged into it",
            "",
        ),
        (
            "Rejected",
            numbers.count(rejected),
            f"Left out: {why}" if why else "Trades that cannot be: no price, no size",
            "",
        ),
    ]
    rate_hz = slowest_hz()
    if rate_hz is not None:
        tip = "Updates of the screen at most; fewer while the server has more to do than it can"
        facts.append(("Screen", f"{rate_hz:g} /s", tip, ""))
    return facts


def rate_of(run: Run) -> str:
    """Return the trades a second; a dash where nothing comes, for the last rate would say that something does."""
    if run.line is not None and run.line.feed.connected_since_us is None:
        return numbers.NONE
    return f"{numbers.compact(sum(run.status.trades_per_s.values()))} /s"


def _connection(feed: FeedState) -> list[Fact]:
    offset_ms = feed.offset_us / 1000
    side = "ahead" if offset_ms >= 0 else "behind"
    lag = numbers.NONE if feed.lag_us is None else f"{feed.lag_us / 1000:,.0f} ms"
    full = feed.queue_limit and feed.queue_depth > feed.queue_limit / 2
    return [
        (
            "Event lag",
            lag,
            "Age of the newest data when it came, by the exchange's stamps, corrected for the clocks",
            "",
        ),
        ("Clock", f"{abs(offset_ms):,.0f} ms {side}", "This machine's clock against the exchange's; corrected", ""),
        (
            "Queue",
            f"{feed.queue_depth:,} of {feed.queue_limit:,}",
            "Frames that wait to be decoded; what does not fit becomes a gap",
            "bad" if full else "",
        ),
        ("Fetched", numbers.count(feed.fetched), "Trades of gaps, fetched over REST; they are late by nature", ""),
        ("Duplicates", numbers.count(feed.duplicates), "Trades that came again and were left out", ""),
        (
            "Damaged",
            numbers.count(feed.malformed + feed.overflowed),
            f"Frames that could not be read ({feed.malformed:,}) or did not fit the queue ({feed.overflowed:,})",
            "bad" if feed.malformed + feed.overflowed else "",
        ),
        ("Reconnects", numbers.count(feed.reconnects), "Connections after the first one, planned ones included", ""),
        (
            "Connected",
            f"since {clock(feed.connected_since_us)}" if feed.connected_since_us else "no",
            "When this connection was opened, UTC",
            "" if feed.connected_since_us else "bad",
        ),
    ]


def _stream(name: str, stream: StreamState, feed: FeedState) -> list[str]:
    if stream.last_data_us is None:
        is_up = feed.connected_since_us is not None
        since = f" since {clock(feed.connected_since_us)}" if feed.connected_since_us else ""
        return [
            name,
            f"subscribed, no data{since}" if is_up else "no data",
            "bad" if stream.is_silent else "quiet",
            "0",
        ]
    text = f"no data since {clock(stream.last_data_us)}" if stream.is_silent else f"last {clock(stream.last_data_us)}"
    state = "bad" if stream.is_silent else "good" if feed.connected_since_us is not None else "quiet"
    return [name, text, state, numbers.count(stream.rows)]


def _gap_text(gaps: Sequence[Gap], feed: FeedState | None) -> str:
    forgotten = 0 if feed is None else feed.gaps_forgotten
    count = len(gaps) + forgotten
    if not count:
        return "No gaps"
    healed = sum(gap.is_healed for gap in gaps)
    more = f", {forgotten:,} older ones no longer listed" if forgotten else ""
    return f"{count:,} gap{'s' if count > 1 else ''}, {healed:,} filled{more}"


def _gap_rows(gaps: Sequence[Gap]) -> list[list[str]]:
    """Return symbol, when, how long, how many trades, what became of it and its cause, newest first."""
    newest = sorted(gaps, key=lambda gap: gap.start_us)[-SHOWN_GAPS:]
    return [
        [
            gap.symbol or "all",
            clock(gap.start_us),
            numbers.duration(max(0, gap.end_us - gap.start_us) / 1e6),
            "" if gap.missing is None else numbers.count(gap.missing),
            _HOW.get(gap.how, "fetched" if gap.is_healed else "lost"),
            gap.cause,
            "good" if gap.is_healed else "bad",
        ]
        for gap in reversed(newest)
    ]


def clock(time_us: int) -> str:
    """Return the time of day, UTC, as ``17:21:03``."""
    return f"{datetime.fromtimestamp(time_us / 1e6, UTC):%H:%M:%S}"
