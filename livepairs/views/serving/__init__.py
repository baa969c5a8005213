"""The server of the pages: its door, signing in, the prompt answer to an address, what machines ask."""
