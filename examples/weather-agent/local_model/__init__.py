"""A loopback server that speaks the model provider's own wire, for offline runs and tests.

It is not a model: it follows the script in `script.py`. The provider's real client talks to it, so that everything
else runs for real. It is never part of what is deployed.
"""
