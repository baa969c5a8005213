"""The market page, for `panel serve apps/*.py`; the environment (LIVEPAIRS_SOURCE, LIVEPAIRS_PAIRS) says what it shows."""

from livepairs.views.pages.market import page

page().servable()
