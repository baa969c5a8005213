"""Another Panel app with a view of livepairs among its own: ``panel serve examples/panel_host.py``.

LIVEPAIRS_SOURCE names what is shown; without it the bundled recording plays.
"""

import panel as pn

from livepairs.embed import Spread

pn.extension()

notes = pn.widgets.TextAreaInput(name="Notes of the desk", height=80, sizing_mode="stretch_width")
pn.Column("# Our desk", Spread(pair="ETHUSDT/BTCUSDT"), notes, sizing_mode="stretch_width").servable()
