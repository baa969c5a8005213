"""A backtest of a recording: its replay, its funding and the engine, joined for the command line and the notebook.

``livepairs.backtest(...)`` is ``backtest`` here. The engine is pure and lives in the room ``livepairs.backtest``; this
module stands above it because it opens recordings and funding files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import csv, parquet

from livepairs.backtest.engine import run_backtest
from livepairs.backtest.funding import Funding
from livepairs.backtest.funding_table import funding_from_table
from livepairs.backtest.params import BacktestParams
from livepairs.backtest.result import BacktestResult
from livepairs.errors import ConfigError, InputError, did_you_mean
from livepairs.headless import ReplayResult, replay
from livepairs.schema import Pair
from livepairs.stores.recording import open_recording

if TYPE_CHECKING:
    from livepairs.stores.recording import Recording

__all__ = ["backtest", "read_funding"]

RULES: Final = frozenset(field.name for field in fields(BacktestParams))
# entry, exit and price mean the same to both; the levels of the replay's own events are left at their defaults.
REPLAY_OPTIONS: Final = frozenset(signature(replay).parameters) - {"recording", "pairs", "entry", "exit"}


def backtest(
    source: ReplayResult | Recording | str | Path,
    *,
    pair: Pair | str | None = None,
    params: BacktestParams | None = None,
    funding: Funding | str | Path | Sequence[str | Path] | None = None,
    **options: Any,  # each option has a type of its own, checked where it is used
) -> BacktestResult:
    """Return what trading a pair of a recording by its z-score would have made, costs included.

    Parameters
    ----------
    source
        A recording or its path, which is replayed at full speed, or what ``livepairs.replay`` returned.
    pair
        ``"Y/X"``; may be left out for a replay of one pair.
    params
        Rules and costs; None for the defaults.
    funding
        Funding events, or files of them (see ``read_funding``). A recording's own marks serve for symbols they do not
        name.
    **options
        Single parameters by name (``entry``, ``exit``, ``stop``, ``max_hold``, ``fee_bps`` and so on: those of
        ``BacktestParams``) and, for a recording, those of ``livepairs.replay`` (``bars``, ``hedge_window``, ``healed``
        and so on).

    Returns
    -------
    BacktestResult
        Tables ``trades``, ``legs`` and ``equity``, the ``metrics`` and ``notes`` on them.

    Raises
    ------
    ConfigError
        If an option is unknown or out of range, or the pair is not said or not there.
    RecordingError
        If the recording cannot be read.
    InputError
        If a funding file cannot be read.
    """
    _check_names(options)
    rules = BacktestParams.of(params, **{name: value for name, value in options.items() if name in RULES})
    known = funding if isinstance(funding, Funding) or funding is None else read_funding(funding)
    if isinstance(source, ReplayResult):
        _refuse_replay_options(options)
        return run_backtest(source.pairs, source.bars, rules, pair=pair, funding=known)
    recording = open_recording(source) if isinstance(source, (str, Path)) else source
    if pair is None:
        raise ConfigError(
            "no pair is given; say which of the recording's symbols to trade, for example 'ETHUSDT/BTCUSDT'"
        )
    asked = Pair.parse(str(pair))
    ways = {name: value for name, value in options.items() if name in REPLAY_OPTIONS}
    result = replay(recording, pairs=[asked], **{**ways, "price": rules.price})
    marks = recording.marks(symbols=[asked.y, asked.x])
    return run_backtest(result.pairs, result.bars, rules, pair=asked, marks=marks, funding=known)


def read_funding(files: str | Path | Sequence[str | Path]) -> Funding:
    """Read funding events from Parquet or CSV files.

    Parameters
    ----------
    files
        One file or several. Columns as ``funding_from_table`` takes them; a file without a symbol column, as the
        venue's dumps are, has its symbol before the first dash of its name (``BTCUSDT-fundingRate-2025-05.csv``).

    Raises
    ------
    InputError
        If a file is missing or is not what it should be, or two files have events of the same symbol.
    """
    names = [files] if isinstance(files, (str, Path)) else list(files)
    read = [_read_file(Path(name)) for name in names]
    known: dict[str, tuple[int, int]] = {}
    for name, funding in zip(names, read, strict=True):
        for symbol in funding.known.keys() & known.keys():
            raise InputError(
                name, found=f"events of {symbol!r}, as in a file before", expected="each symbol in one file"
            )
        known |= funding.known
    events = pa.concat_tables([funding.events for funding in read])
    return Funding(events.sort_by([("ts", "ascending"), ("symbol", "ascending")]), known)


def _read_file(file: Path) -> Funding:
    if not file.is_file():
        raise InputError(file, found="no such file", expected="a Parquet or CSV file of funding events")
    try:
        table = parquet.read_table(file) if file.suffix == ".parquet" else csv.read_csv(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(file, found=f"what cannot be read ({error})", expected="a Parquet or CSV file") from error
    return funding_from_table(table, file=str(file), symbol=file.name.partition("-")[0])


def _check_names(options: dict[str, Any]) -> None:
    allowed = sorted(RULES | REPLAY_OPTIONS)
    for name in options:
        if name not in allowed:
            raise ConfigError(f"no option {name!r}{did_you_mean(name, allowed)}; there are {', '.join(allowed)}")


def _refuse_replay_options(options: dict[str, Any]) -> None:
    late = sorted(options.keys() - RULES)
    if late:
        raise ConfigError(f"{', '.join(late)} cannot change a replay that is done; give them to livepairs.replay")
