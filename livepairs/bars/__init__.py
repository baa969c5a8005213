"""TRADES to BARS: pure machines that close bars on the time handed in with the data."""
