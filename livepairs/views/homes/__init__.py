"""The views elsewhere: in a notebook's cell, a file, another Panel app, inside a host's own page."""
