"""What the browser shows: the only home of panel, bokeh, holoviews and hvplot.

A page is one file in ``pages``; it is found there without being listed, and ``apps/*.py``, ``livepairs serve`` and
tests all use the same page function. A page is made of panels (``screen.Panel``): each has a view and a ``refresh``
that pulls what is new from the run's tables. Nothing here computes a statistic.
"""
