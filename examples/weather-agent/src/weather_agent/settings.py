"""Settings, from environment variables (a `.env` file in development). `.env.example` lists them."""

from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsError

from .errors import BadSetting, problems


class Settings(BaseSettings):
    """Every limit has a default that suits one AgentCore microVM and a laptop alike."""

    model_id: str = "us.anthropic.claude-sonnet-4-6"
    aws_region: str = "us-west-2"

    request_fields: dict[str, Any] = Field(
        default={}, description="Further fields of each model request, as the provider's API names them."
    )
    fallback_model_id: str = Field(
        default="", description="Asked where MODEL_ID is busy, or fails before its answer begins."
    )
    prompt_cache: bool | None = Field(
        default=None, description="Keep in the provider's cache how requests begin; unset: where the model has one."
    )
    guardrail_id: str = Field(default="", description="The Bedrock guardrail that every model call passes: id or ARN.")
    guardrail_version: str = Field(default="", description="The guardrail's version: a number, or `DRAFT`.")
    service_tier: str = Field(default="", description="The provider's tier that serves model calls, by its own name.")
    port: int = Field(default=9000, ge=1, le=65535, description="Where the server listens.")
    max_turns: int = Field(default=20, ge=1, description="Model calls in one run, before it fails with `turn_limit`.")
    max_history: int = Field(default=40, ge=2, description="Messages of a conversation that the model still sees.")
    max_history_bytes: int = Field(default=4_194_304, ge=1024, description="Bytes of those messages, at most.")
    max_run_bytes: int = Field(default=8_388_608, ge=1024, description="What one run may tell, and followers read.")
    max_frame_bytes: int = Field(default=32_768, ge=1024, description="A message of `/ws`, as AgentCore takes it.")
    max_tool_threads: int = Field(default=256, ge=1, description="Tools that may run in threads at once.")
    tool_seconds: float = Field(default=120, gt=0, description="How long one tool call may take.")
    answer_seconds: float = Field(default=86_400, gt=0, description="How long an approval or a question stays open.")
    background_seconds: float = Field(default=3600, gt=0, description="How long a run in the background may take.")
    follow_seconds: float = Field(default=300, ge=0, description="How long a run can be followed after its end.")
    allow_client_instructions: bool = Field(default=False, description="Take system messages from callers.")
    max_sessions: int = Field(default=1000, ge=1, description="Conversations held; the least recently used goes first.")
    max_runs: int = Field(default=256, ge=1, description="Runs at once; further ones are refused with 503.")
    max_request_bytes: int = Field(default=4_194_304, ge=1024, description="A question with its attachments, as sent.")
    heartbeat_seconds: float = Field(default=15, gt=0, description="Silence after which a comment keeps a stream open.")
    throttle_seconds: float = Field(default=30, ge=0, description="How long a throttled model call is tried again.")
    model_read_seconds: float = Field(default=120, gt=0, description="Silence after which a model call has failed.")

    @model_validator(mode="after")
    def _falls_back_on_another(self) -> "Settings":
        if self.fallback_model_id == self.model_id:
            raise ValueError("fallback_model_id: it is the model itself")
        return self

    def __init__(self, **values: Any) -> None:
        """Raises `BadSetting` where one cannot be used."""
        try:
            super().__init__(**values)
        except (ValidationError, SettingsError) as error:
            problem = problems(error) if isinstance(error, ValidationError) else f"{error}."
            raise BadSetting("A setting", problem) from None
