"""The backtest page, for `panel serve apps/*.py`; the environment (LIVEPAIRS_SOURCE, LIVEPAIRS_PAIRS) says what it shows."""

from livepairs.views.pages.backtest import page

page().servable()
