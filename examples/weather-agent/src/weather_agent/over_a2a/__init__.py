"""The agent over A2A 1.0, and 0.3 (https://a2a-protocol.org): a task is a run, and the runs that go on with it."""
