"""Entry point on AgentCore Runtime. On your machine, use `uv run serve`."""

from travel_desk.logs import log_json
from travel_desk.server.app import create_app
from travel_desk.settings import Settings

log_json()
settings = Settings()
app = create_app(settings)

if __name__ == "__main__":
    app.run(port=settings.port, ws_max_size=settings.max_frame_bytes, timeout_graceful_shutdown=2)
