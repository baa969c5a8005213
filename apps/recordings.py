"""The recordings page, for ``panel serve apps/*.py``.

The environment says what it shows: ``LIVEPAIRS_SOURCE`` and ``LIVEPAIRS_PAIRS``, or the bundled recording.
"""

from livepairs.views.pages.recordings import page

page().servable()
