"""Entry point on AgentCore Runtime. On your machine, use `uv run serve`."""

from weather_time_calculator.logs import log_json
from weather_time_calculator.server.app import create_app
from weather_time_calculator.settings import Settings

log_json()
settings = Settings()
app = create_app(settings)

if __name__ == "__main__":
    app.run(port=settings.port, ws_max_size=settings.max_frame_bytes, timeout_graceful_shutdown=2)
