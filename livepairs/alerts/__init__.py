"""PAIRS to EVENTS: rules that fire and clear on closed bars; pure.

``reading`` makes rules from a file, ``condition`` understands what a rule asks, ``machine`` says when it fires, and
``event`` makes the rows and computes their ids.
"""
