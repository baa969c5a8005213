"""Make a recording of a synthetic market whose truth is known.

The rows depend on the parameters alone, on any machine; the files also on the version of pyarrow that writes them. The
bundled recording is made by ``livepairs synthesize --to recordings/demo``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the recording and one option for each parameter of the market."""
    from livepairs.sources.synthetic_params import SyntheticParams

    parser.add_argument("--to", required=True, metavar="REC", help="folder of the recording to make")
    parser.add_argument("--overwrite", action="store_true", help="replace a recording that is there")
    for field in fields(SyntheticParams):
        option = "--" + field.name.replace("_", "-")
        kind = type(field.default)
        parser.add_argument(
            option, type=kind, default=field.default, metavar=kind.__name__.upper(), help=f"default {field.default}"
        )


def run(args: argparse.Namespace) -> int:
    """Make the recording and say what is in it."""
    from livepairs.sources.synthetic_market import SyntheticMarket
    from livepairs.sources.synthetic_params import SyntheticParams
    from livepairs.stores.recording import Provenance, RecordingWriter

    params = SyntheticParams(**{field.name: getattr(args, field.name) for field in fields(SyntheticParams)})
    market = SyntheticMarket(params)
    with RecordingWriter(
        args.to, source=str(params), is_synthetic=True, symbols=params.symbols, overwrite=args.overwrite
    ) as writer:
        for block in market.recording_blocks():
            writer.append(block.trades, block.marks)
        truth = market.truth()
        manifest = writer.finish(Provenance(vouched_us=market.end_us - 1, gaps=truth.gaps, markers=truth.markers))
    rows = sum(entry.rows for entry in manifest.entries("trades"))
    size = sum(entry.bytes for entry in manifest.files)
    print(f"{args.to}: {rows:,} synthetic trades of {', '.join(params.symbols)}, {size / 1e6:.1f} MB", file=sys.stderr)
    return 0
