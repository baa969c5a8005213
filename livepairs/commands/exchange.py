"""Serve a local exchange that speaks Binance's protocol, from a recording or the synthetic market.

Websocket and REST on one port of this machine, with limits, pings, silence on a wrong route, and faults on demand. A
recording is played as if it happened now; --as-recorded keeps its times.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from livepairs.venue import ServedVenue, Setup

DEFAULT_PORT = 9443


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="a recording, or synthetic:?seed=7")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, metavar="N", help="0 takes a free one (default 9443)")
    parser.add_argument("--market", choices=("um", "spot"), default="um", help="USD-M futures or spot (default um)")
    parser.add_argument("--speed", type=float, default=1.0, metavar="X", help="recorded seconds a second (default 1)")
    parser.add_argument("--lead", type=float, default=0.0, metavar="S", help="seconds that have happened already")
    parser.add_argument(
        "--as-recorded", action="store_true", help="keep the recorded times; the venue's clock runs there"
    )
    parser.add_argument("--wait", action="store_true", help="let the market begin with the first subscription")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME[:ARG=VALUE,...]", help="see --list")
    parser.add_argument("--rule", action="append", default=[], metavar="NAME=VALUE", help="change a limit; see --list")
    parser.add_argument("--list", action="store_true", help="list the faults and the rules, and serve nothing")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from livepairs.errors import ConfigError

    if args.list:
        _print_list(args.market)
        return 0
    if args.source is None:
        raise ConfigError("no SOURCE to serve; name a recording's path or synthetic:?seed=7, or ask for --list")
    asyncio.run(_serve(args))
    return 0


def setup_of(args: argparse.Namespace) -> Setup:
    """Return what the arguments make of the venue.

    Raises
    ------
    ConfigError
        If a rule, the speed or the lead makes no sense.
    """
    from livepairs.venue import RULES, Playback, Setup
    from livepairs.venue.rules import changed_rules

    playback = Playback(
        speed=args.speed,
        lead_us=round(args.lead * 1e6),
        is_as_recorded=args.as_recorded,
        waits_for_client=args.wait,
    )
    return Setup(market=args.market, rules=changed_rules(RULES[args.market], args.rule), playback=playback)


async def _serve(args: argparse.Namespace) -> None:
    from livepairs.venue import serve_venue

    async with serve_venue(args.source, faults=args.fault, setup=setup_of(args), port=args.port) as venue:
        _announce(venue, args)
        await venue.wait_over()
        print("everything has been played; marks and pings go on", file=sys.stderr, flush=True)
        await asyncio.get_running_loop().create_future()


def _announce(venue: ServedVenue, args: argparse.Namespace) -> None:
    """Print the addresses and the lines that point livepairs at them."""
    prefix = f"LIVEPAIRS_BINANCE_{args.market.upper()}"
    how = "as recorded" if args.as_recorded else "as if it happened now"
    lines = [
        f"{args.source} is served {how}: {', '.join(venue.symbols)} (stop it with Ctrl+C)",
        f"  websocket {venue.ws}    REST {venue.rest}    state and faults {venue.rest}/_venue",
        "to use it, in another terminal:",
        f"export {prefix}_WS={venue.ws}",
        f"export {prefix}_REST={venue.rest}",
        f"livepairs serve binance-{args.market}:{','.join(venue.symbols)}",
    ]
    print("\n".join(lines), flush=True)


def _print_list(market: str) -> None:
    from livepairs.venue import RULES
    from livepairs.venue.faults import fault_docs
    from livepairs.venue.rules import rule_values

    print("faults (each also takes after_s and every_s):")
    for name, (text, arguments) in sorted(fault_docs().items()):
        shown = ",".join(f"{key}={value}" for key, value in arguments.items())
        print(f"  {name}{':' if shown else ''}{shown}\n      {text}")
    print(f"rules of {market}:")
    for name, value in rule_values(RULES["spot" if market == "spot" else "um"]).items():
        print(f"  {name}={value if not isinstance(value, bool) else 'yes' if value else 'no'}")
