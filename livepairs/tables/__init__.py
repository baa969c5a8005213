"""Bounded tables between the pipeline and whoever looks: batches are appended, each reader takes its own delta.

``ring`` is the table; ``Tables`` in ``board`` are the tables of one run.
"""
