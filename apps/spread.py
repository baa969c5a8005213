"""The spread page, for `panel serve apps/*.py`; the environment (LIVEPAIRS_SOURCE, LIVEPAIRS_PAIRS) says what it shows."""

from livepairs.views.pages.spread import page

page().servable()
