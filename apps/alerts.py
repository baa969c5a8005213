"""The alerts page, for `panel serve apps/*.py`; the environment (LIVEPAIRS_SOURCE, LIVEPAIRS_PAIRS) says what it shows."""

from livepairs.views.pages.alerts import page

page().servable()
