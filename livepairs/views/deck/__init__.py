"""The deck of a replay: the bar at the bottom, its keys, and what moves it."""
