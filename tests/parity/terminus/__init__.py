"""What the official parsers make of replies, recorded."""
