"""PAIRS to EVENTS: rules that fire and clear on closed bars; pure."""
