"""PAIRS to EVENTS: rules that fire and clear on closed bars; pure.

``threshold`` is the z-score rule; ``event`` makes the rows and computes their ids.
"""
