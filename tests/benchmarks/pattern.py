"""The pattern that tutorials show, to measure against: yield what Strands yields, an Agent and a client per session."""

import os

from bedrock_agentcore import BedrockAgentCoreApp
from strands import Agent
from strands.models import BedrockModel

app = BedrockAgentCoreApp()
agents: dict[str, Agent] = {}


@app.entrypoint
async def invoke(payload, context):
    if context.session_id not in agents:
        agents[context.session_id] = Agent(model=BedrockModel(model_id=os.environ["MODEL_ID"]), callback_handler=None)
    async for event in agents[context.session_id].stream_async(payload["prompt"]):
        yield event


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
