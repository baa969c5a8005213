"""Say what alert rules would have done over recordings: how often, in storms or not, and what came of each alert.

Prints a table, or with --json one JSON object on the last line.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from livepairs.commands._replaying import add_replay_options

if TYPE_CHECKING:
    from livepairs.alerts.rule import RuleSet
    from livepairs.rehearse_recording import Rehearsed

WINDOWS = ("hedge_window", "z_window", "corr_window", "adf_lags", "price", "hedge")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments. Defaults of the replay stay with it: what is not given is not passed on."""
    parser.argument_default = argparse.SUPPRESS
    add = parser.add_argument
    add("rules", type=Path, metavar="RULES", help="rules file (TOML)")
    add("recordings", nargs="+", metavar="REC", help="folders of recordings")
    add("--rule", action="append", metavar="NAME", help="only this rule, may be given several times (default all)")
    add("--pair", action="append", metavar="Y/X", help="pair, may be given several times (default the first two)")
    add("--costs-bps", type=float, metavar="BPS", help="fees and slippage of getting in and out (default 12)")
    add("--json", action="store_true", help="print one JSON object")
    add_replay_options(parser.add_argument_group("replay, as in 'livepairs replay'"))


def run(args: argparse.Namespace) -> int:
    """Rehearse and print."""
    given = vars(args)
    found = _rehearse(given)
    if given.get("json"):
        print(json.dumps({"rules": [_report(each) for each in found]}, allow_nan=False))
    else:
        print("\n".join(_table(found)))
    return 0


def _rehearse(given: dict[str, Any]) -> list[Rehearsed]:
    from math import isfinite

    from livepairs.errors import ConfigError
    from livepairs.recorded_rows import replay_rows
    from livepairs.rehearse_recording import COSTS_BPS, rehearse
    from livepairs.stores.recording import open_recording

    rules = _chosen(_read(given["rules"]), given.get("rule", []))
    costs = given.get("costs_bps", COSTS_BPS)
    if not isfinite(costs) or costs < 0:
        raise ConfigError(f"costs of {costs} bps are out of range; use 0 or more")
    rows, reads = [], {name for rule in rules.rules for name in rule.columns}
    for path in given["recordings"]:
        recording = open_recording(path)
        print(f"replaying {recording.name}", file=sys.stderr)
        params = _params(given, recording.symbols)
        rows.append(replay_rows(recording, params, healed=bool(given.get("healed")), reads=reads))
    return [rehearse(rule, rows, costs_bps=costs) for rule in rules.rules]


def _read(path: Path) -> RuleSet:
    from livepairs.alerts.reading import read_rules
    from livepairs.errors import ConfigError

    try:
        return read_rules(path.read_text("utf-8"), name=str(path))
    except OSError as error:
        raise ConfigError(f"cannot read rules {str(path)!r}: {error.strerror}; name a rules file") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"rules {str(path)!r} are not UTF-8 text; save them as UTF-8") from error


def _chosen(rules: RuleSet, names: list[str]) -> RuleSet:
    from dataclasses import replace

    from livepairs.errors import ConfigError, did_you_mean

    known = {rule.name: rule for rule in rules.rules}
    for name in names:
        if name not in known:
            raise ConfigError(f"there is no rule {name!r}{did_you_mean(name, known)}; there are {', '.join(known)}")
    return replace(rules, rules=tuple(known[name] for name in dict.fromkeys(names))) if names else rules


def _params(given: dict[str, Any], symbols: tuple[str, ...]) -> Any:  # RunParams, imported late
    from livepairs.errors import ConfigError
    from livepairs.pairs.machine import PairParams
    from livepairs.pipeline import RunParams
    from livepairs.schema import Pair

    if len(symbols) < 2:
        raise ConfigError(f"the recording has {len(symbols)} symbol and a pair needs two; name another recording")
    # The first symbol is by custom the market's leader (BTC), which explains the other one.
    pairs = tuple(Pair.parse(text) for text in given.get("pair", [])) or (Pair(symbols[1], symbols[0]),)
    windows = PairParams(**{name: given[name] for name in WINDOWS if name in given})
    ways = {"interval": given["bars"]} if "bars" in given else {}
    grace = {"grace_us": round(given["grace_ms"] * 1000)} if "grace_ms" in given else {}
    return RunParams(pairs=pairs, pair_params=windows, **ways, **grace)


def _report(found: Rehearsed) -> dict[str, Any]:
    each = [{"recording": name, **result.as_dict()} for name, result in found.each]
    return {"rule": found.rule.name, **found.whole.as_dict(), "recordings": each, "remarks": list(found.remarks)}


def _table(found: list[Rehearsed]) -> list[str]:
    """Return the rows as one reads them: a line a rule, and under several recordings a line for each."""
    head = ("rule", "fired", "a day", "storms", "back", "median pain", "worst pain", "after costs (median, worst)")
    lines: list[tuple[str, ...]] = [head]
    for each in found:
        lines.append(_line(each.rule.name, each.whole.as_dict()))
        if len(each.each) > 1:
            lines += [_line(f"  {name}", result.as_dict()) for name, result in each.each]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    ends = "back: share of the alerts after which the spread came back within two half-lives; pain: how much farther it"
    return [
        *("  ".join(_placed(cell, width, place) for place, (cell, width) in enumerate(zip(line, widths, strict=True)))
          .rstrip() for line in lines),
        "", ends, "went first; storms: share of alerts that were three or more of one rule within 60 bars",
        *(f"{each.rule.name}: {remark}" for each in found for remark in each.remarks),
    ]  # fmt: skip


def _placed(cell: str, width: int, place: int) -> str:
    return cell.ljust(width) if place == 0 else cell.rjust(width)


def _line(name: str, got: dict[str, Any]) -> tuple[str, ...]:
    def share(key: str) -> str:
        return "-" if got[key] is None else f"{got[key]:.0%}"

    def size(key: str, unit: str) -> str:
        return "-" if got[key] is None else f"{got[key]:.2f} {unit}"

    back = share("back_share") + ("" if got["judged"] == got["fired"] else f" of {got['judged']:,}")
    bps = f"{size('pain_bps_median', 'bps')}, {size('pain_bps_worst', 'bps')}"
    return (
        name, f"{got['fired']:,}", f"{got['per_day']:,.1f}", share("storm_share"), back,
        size("pain_sigma_median", "sigma"), size("pain_sigma_worst", "sigma"), bps,
    )  # fmt: skip
