"""Statistics of a pair, one file each; pure functions of numbers."""
