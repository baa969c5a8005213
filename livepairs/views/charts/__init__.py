"""Charts on one time axis: candles, spread, lines, gaps, and which rows a window of them holds."""
