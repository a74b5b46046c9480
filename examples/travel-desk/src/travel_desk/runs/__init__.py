"""A run: one turn of a conversation, from the request to the events that tell it."""
