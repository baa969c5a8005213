"""The scanner page: the table of pairs, the map beside it, and who came and went."""
