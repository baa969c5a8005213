"""Where things are kept: recordings as Parquet, and the importers that make them from other people's files."""
