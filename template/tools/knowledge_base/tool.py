"""A search in an Amazon Bedrock knowledge base.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Retrieve.html
"""

import logging
import os
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

logger = logging.getLogger(__name__)

MAX_QUERY_CHARACTERS = 1000
PROBLEMS = {
    "ResourceNotFoundException": "It does not exist in this region.",
    "AccessDeniedException": "The agent may not read it.",
    "ThrottlingException": "It is busy: try again in a moment.",
}


class KnowledgeBaseSettings(BaseSettings):
    """Which knowledge base is searched, from environment variables that begin with `KNOWLEDGE_BASE_`."""

    model_config = SettingsConfigDict(env_prefix="KNOWLEDGE_BASE_")

    id: str = Field(default="", description="The id that Bedrock gave it: ten letters and digits.")
    results: int = Field(default=5, ge=1, le=100, description="Passages that a search gives.")


def search_knowledge_base(query: str) -> str:
    """Search the knowledge base: passages of its documents, the best match first, each with its source.

    Args:
        query: What to look for, as a question or a few words.
    """
    settings = KnowledgeBaseSettings()
    if not settings.id:
        raise ValueError("No knowledge base is set up: KNOWLEDGE_BASE_ID is missing.")
    if not query.strip() or len(query) > MAX_QUERY_CHARACTERS:
        raise ValueError(f"Give a query of 1 to {MAX_QUERY_CHARACTERS} characters.")
    results = _retrieve(query, settings)
    return "\n\n".join(map(_told, results)) or "Nothing was found."


def _retrieve(query: str, settings: KnowledgeBaseSettings) -> list[dict[str, Any]]:
    try:
        answer = _client().retrieve(
            knowledgeBaseId=settings.id,
            retrievalQuery={"text": query},
            retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": settings.results}},
        )
    except (BotoCoreError, ClientError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
        logger.error("the search in the knowledge base failed: %s", error)
        raise ValueError(f"The knowledge base cannot be searched. {PROBLEMS.get(code, '')}".strip()) from error
    found: list[dict[str, Any]] = answer["retrievalResults"]
    return found


@cache
def _client() -> Any:
    config = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})
    region = os.environ.get("AWS_REGION", "{{ region }}")
    return boto3.client("bedrock-agent-runtime", region_name=region, config=config)


def _told(result: dict[str, Any]) -> str:
    return f"[{_source(result)}, score {result.get('score', 0):.2f}]\n{_text(result['content'])}"


def _source(result: dict[str, Any]) -> str:
    """The address of the document, whose name depends on where it is kept."""
    places = [place for place in result.get("location", {}).values() if isinstance(place, dict)]
    return next((str(address) for place in places for address in place.values()), "unknown source")


def _text(content: dict[str, Any]) -> str:
    if row := content.get("row"):
        return ", ".join(f"{column['columnName']}: {column['columnValue']}" for column in row)
    return str(content.get("text") or f"({content.get('type', 'nothing').lower()})")
