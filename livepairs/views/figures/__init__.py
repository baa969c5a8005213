"""The rows of figures on the market and spread pages: prices, z and what makes it worth believing, paper trading."""
