"""What each exchange says on the wire and in its files: bytes in, rows out; pure."""
