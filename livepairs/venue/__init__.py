"""A local exchange: Binance's protocol on loopback, from a recording or the synthetic market, with faults on demand.

Written from what is known of the venue, and knowing nothing of our own client (import-linter holds that), so that the
two can be held against each other. It is the test double of the live source, an offline demo of the live path, and
something to develop against. ``server`` is the way in; ``venue`` does the work in turns; everything it is made of
(routes, requests, wire, books, limits) knows neither socket nor clock.

>>> from livepairs.venue import serve_venue                       # doctest: +SKIP
>>> async with serve_venue("recordings/demo") as venue:           # doctest: +SKIP
...     client = connect(venue.ws + "/market/stream?streams=btcusdt@aggTrade")
...     venue.fault("drop")
"""

from livepairs.venue.rules import RULES, Rules
from livepairs.venue.server import ServedVenue, serve_venue
from livepairs.venue.venue import Setup
from livepairs.venue.venuetime import Playback

__all__ = ["RULES", "Playback", "Rules", "ServedVenue", "Setup", "serve_venue"]
