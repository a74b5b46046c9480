"""Commands for this machine; nothing here is deployed."""
