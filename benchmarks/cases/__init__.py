"""One benchmark a file: a module docstring, the sides as functions, and ``CONTEST``."""
