"""Deploying this agent to Amazon Bedrock AgentCore Runtime, and looking after it there. `deploy.toml` says how."""
