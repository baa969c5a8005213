"""The recordings page: what there is, opened, checked, taken away, uploaded and recorded anew."""
