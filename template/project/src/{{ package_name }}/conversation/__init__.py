"""A conversation: what is kept of it, and what a client may send of it."""
