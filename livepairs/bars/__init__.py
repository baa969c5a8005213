"""TRADES to BARS: pure machines that close bars on the time handed in with the data.

``machine`` is the door: chunks in, BARS batches out. ``kernel`` folds one symbol's trades; ``ladder`` holds one
symbol's open bars and lays the closed ones out without holes.
"""
