"""PAIRS to trades and equity: what acting on the z-score would have done; pure."""
