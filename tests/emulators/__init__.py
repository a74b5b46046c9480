"""AWS on loopback, for the tests: moto where it is right, our own AgentCore where it is not."""
