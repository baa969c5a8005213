"""Bounded tables between the pipeline and whoever looks: batches are appended, each reader takes its own delta."""
