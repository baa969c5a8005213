"""BARS to PAIRS: hedge ratio, spread, z-score and the pair's other statistics at every closed bar; pure.

``machine`` is the door: it takes BARS batches and returns PAIRS batches. ``kernel`` is the arithmetic of one pair.
"""
