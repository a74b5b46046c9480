"""The pattern that tutorials show for A2A, to measure against: Strands' own server around one agent, or a factory."""

import os

import uvicorn
from fastapi import FastAPI
from strands import Agent
from strands.models import BedrockModel
from strands.multiagent.a2a import A2AServer

PORT = int(os.environ["PORT"])


def agent(context_id: str = "") -> Agent:
    """A new agent."""
    model = BedrockModel(model_id=os.environ["MODEL_ID"])
    return Agent(model=model, name="pattern", description="An agent.", callback_handler=None)


how = {"agent_factory": agent} if os.environ.get("FACTORY") else {"agent": agent()}
app = FastAPI()


@app.get("/ping")
def ping() -> dict[str, str]:
    """AgentCore asks it."""
    return {"status": "healthy"}


app.mount("/", A2AServer(http_url=f"http://127.0.0.1:{PORT}/", serve_at_root=True, **how).to_fastapi_app())
uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
