"""The backtest page: its form, charts, metrics, comparison, exports, and the sweep."""
