"""What the browser shows: the only home of panel, bokeh, holoviews and hvplot."""
