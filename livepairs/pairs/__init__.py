"""BARS to PAIRS: hedge ratio, spread, z-score and the pair's other statistics at every closed bar; pure."""
