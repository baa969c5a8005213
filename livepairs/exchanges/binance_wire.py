"""The shapes of Binance's websocket messages, as msgspec structs; only the fields that become rows.

Field names are the venue's. Unknown keys are ignored, and ``nq``, ``st``, ``ps`` and ``ap`` may be missing, since they
came and went over the years. Prices come as decimal strings and are read straight into floats. ``payloads`` is the one
way in; it never raises for any bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Union

import msgspec

from livepairs.exchanges import Ack, Malformed, Notice, Refusal, Shutdown
from livepairs.exchanges.binance_time import in_microseconds

__all__ = [
    "KIND_OF",
    "UNREADABLE",
    "AggTrade",
    "Count",
    "Mark",
    "Notified",
    "Payload",
    "RestAggTrade",
    "Skipped",
    "Trade",
    "excerpt",
    "payloads",
]

Count = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
"""Ids and times: anything larger would not fit an int64 column, so the frame is malformed."""


class AggTrade(msgspec.Struct, tag_field="e", tag="aggTrade", gc=False):
    """Fills of one taker at one price within 100 ms (futures) or one order (spot); ``a`` is contiguous."""

    s: str
    p: float
    q: float
    T: Count
    a: Count
    m: bool
    E: Count = 0
    st: int = 1
    X: str = "MARKET"


class RestAggTrade(msgspec.Struct, gc=False):
    """An aggregated trade as REST gives it: without its symbol, which whoever asked knows and sets."""

    p: float
    q: float
    T: Count
    a: Count
    m: bool
    s: str = ""
    st: int = 1
    X: str = "MARKET"


class Trade(msgspec.Struct, tag_field="e", tag="trade", gc=False):
    """One fill. On futures ``X`` tells market fills from insurance fund prints and spent ids."""

    s: str
    p: float
    q: float
    T: Count
    t: Count
    m: bool
    E: Count = 0
    st: int = 1
    X: str = "MARKET"


class Mark(msgspec.Struct, tag_field="e", tag="markPriceUpdate", gc=False):
    """Mark price, index price ``i``, funding rate ``r`` and the next funding time ``T``; ``i`` and ``r`` may be ""."""

    s: str
    p: float
    E: Count
    i: str = ""
    r: str = ""
    T: Count = 0
    st: int = 1


class Skipped(msgspec.Struct, gc=False):
    """A message that holds no rows: its kind, and the event time where it has one."""

    kind: str
    E: int = 0


class Notified(msgspec.Struct, gc=False):
    """A message about the connection itself; ``kind`` is how it is counted."""

    kind: str
    notice: Notice
    E: int = 0


_SKIPPED_KINDS: Final = (
    "bookTicker",
    "depthUpdate",
    "kline",
    "continuous_kline",
    "24hrMiniTicker",
    "24hrTicker",
    "forceOrder",
    "compositeIndex",
    "contractInfo",
    "assetIndexUpdate",
    "avgPrice",
    "1hTicker",
    "4hTicker",
    "1dTicker",
)
"""Kinds common enough to be skipped in one pass; any other kind is skipped too, only more slowly."""

_SKIPPED = {
    kind: msgspec.defstruct(f"Skipped{index}", [("E", Count, 0)], tag_field="e", tag=kind, gc=False)
    for index, kind in enumerate(_SKIPPED_KINDS)
}
KIND_OF: Final[dict[type, str]] = {struct: kind for kind, struct in _SKIPPED.items()}
"""What the messages without rows are called, by their struct."""

Payload = AggTrade | Trade | Mark | Skipped | Notified

# Unions built from a run-time list are beyond the type checker; msgspec checks them when the decoder is made.
_Row: Any = Union[(AggTrade, Trade, Mark, *_SKIPPED.values())]


class _Envelope(msgspec.Struct, gc=False):
    """A combined-stream message."""

    stream: str
    data: _Row | list[_Row]


# strict=False reads the venue's decimal strings as floats within the parse, which saves a pass over every row.
_COMBINED: Final = msgspec.json.Decoder(_Envelope, strict=False)
_RAW: Final = msgspec.json.Decoder(_Row | list[_Row], strict=False)
_ANY: Final = msgspec.json.Decoder()

UNREADABLE: Final = (ValueError, RecursionError, msgspec.MsgspecError)
"""What msgspec raises for bytes it cannot read: RecursionError where they nest thousands deep, ValueError for what is
not UTF-8."""
_ROW_KINDS = frozenset({"aggTrade", "trade", "markPriceUpdate"})


def payloads(frames: Sequence[bytes]) -> tuple[list[list[Payload]] | list[Payload], list[Malformed]]:
    """Decode frames, combined or raw.

    Returns
    -------
    One payload per frame, or one list of payloads per frame where some frame is an array or odd; and the frames that
    could not be read, which have an empty list.
    """
    quick = _all_at_once(frames)
    if quick is not None:
        return quick, []
    malformed: list[Malformed] = []
    rows: list[list[Payload]] = []
    for position, frame in enumerate(frames):
        found = _one(frame)
        if isinstance(found, str):
            malformed.append(Malformed(position, found))
            found = []
        rows.append(found)
    return rows, malformed


def _all_at_once(frames: Sequence[bytes]) -> list[Payload] | None:
    """Decode frames of one style in one call; None if any of them is an array, odd or malformed."""
    joined = b"\n".join(frames)
    if joined.count(b"\n") != len(frames) - 1:
        return None
    try:
        if frames[0].startswith(b'{"stream"'):
            found: list[Any] = [envelope.data for envelope in _COMBINED.decode_lines(joined)]
        else:
            found = _RAW.decode_lines(joined)
    except UNREADABLE:
        return None
    # Blank frames are passed over by decode_lines; positions would no longer agree.
    if len(found) != len(frames) or list in set(map(type, found)):
        return None
    return found


def _one(frame: bytes) -> list[Payload] | str:
    """Return the payloads of a frame, or what is wrong with it."""
    error = ""
    for decoder in (_COMBINED, _RAW) if b'"stream"' in frame else (_RAW,):
        try:
            found: Any = decoder.decode(frame)
        except UNREADABLE as reason:
            error = error or str(reason)
            continue
        data = found.data if isinstance(found, _Envelope) else found
        return data if isinstance(data, list) else [data]
    try:
        value = _ANY.decode(frame)
    except UNREADABLE as reason:
        return f"{excerpt(frame)} ({reason})"
    return _odd(value) or f"{excerpt(frame)} ({error})"


def _odd(value: Any) -> list[Payload] | None:
    """Skip valid JSON of a kind that holds no rows by its name; None if it pretends to hold rows."""
    if not isinstance(value, dict):
        return None
    notice = _reply(value)
    if notice is not None:
        return [Notified("reply", notice)]
    data = value.get("data", value)
    if isinstance(data, list):
        return _odd_array(value, data)
    if not isinstance(data, dict):
        return None
    kind = data.get("e") or _kind_without_name(value)
    event = data.get("E")
    if not isinstance(kind, str) or kind in _ROW_KINDS:
        return None
    return [_rowless(kind, event if type(event) is int and 0 <= event < 2**62 else 0)]


def _rowless(kind: str, event: int) -> Payload:
    if kind == "serverShutdown":
        return Notified(kind, Shutdown(in_microseconds(event)), event)
    return Skipped(kind[:40], event)


def _reply(value: dict[str, Any]) -> Notice | None:
    """Return what a message without a stream says of a request; None if it is no answer to one.

    The documents print errors as ``{"code":2,"msg":"..."}``; on the wire they come within ``error``.
    """
    if "stream" in value or "e" in value:
        return None
    name = value.get("id")
    request_id = name if isinstance(name, int | str) and not isinstance(name, bool) else None
    error = value.get("error", value if {"code", "msg"} <= value.keys() else None)
    if isinstance(error, dict):
        code = error.get("code")
        return Refusal(request_id, code if type(code) is int else 0, str(error.get("msg", ""))[:500])
    if "result" not in value:
        return None
    result = value["result"]
    names = result if isinstance(result, list) else []
    return Ack(request_id, tuple(item for item in names if isinstance(item, str)))


def _odd_array(value: dict[str, Any], data: list[Any]) -> list[Payload] | None:
    """Skip an array of unknown kinds; a row in it that cannot be read makes the frame malformed."""
    kinds = [row.get("e") if isinstance(row, dict) else None for row in data]
    if not all(isinstance(kind, str | None) for kind in kinds) or _ROW_KINDS.intersection(kinds):
        return None
    names = sorted({kind for kind in kinds if kind})
    return [Skipped(name[:40]) for name in names] or [Skipped(_kind_without_name(value))]


def _kind_without_name(value: dict[str, Any]) -> str:
    """Name a message that does not name itself: spot's bookTicker by its stream, others by their keys."""
    stream = value.get("stream")
    if isinstance(stream, str):
        return stream.partition("@")[2].partition("@")[0][:40] or "unnamed"
    return "snapshot" if "lastUpdateId" in value else "unnamed"


def excerpt(frame: bytes) -> str:
    """Return the beginning of a frame or body, as an error shows it."""
    shown = frame[:60].decode("utf-8", "replace")
    return repr(shown + ("..." if len(frame) > 60 else ""))
