"""Messages to people, by a webhook. A person approves each before it leaves."""

import asyncio

import httpx2 as httpx
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from .approval import needs_approval

TIMEOUT_SECONDS = 10.0
MAX_CHARACTERS = 4000


class MessagesSettings(BaseSettings):
    """Where messages go, from environment variables that begin with `MESSAGES_`."""

    model_config = SettingsConfigDict(env_prefix="MESSAGES_")

    url: str = Field(default="", description='A webhook that takes `{"recipient": …, "text": …}` as JSON by POST.')


@needs_approval("Send this to {recipient}?\n\n{text}")
async def send_message(recipient: str, text: str) -> str:
    """Send a message to a person. The user sees it first, and may change or decline it.

    Args:
        recipient: Who gets it: a name or an address.
        text: What it says.
    """
    url = MessagesSettings().url
    if not url:
        raise ValueError("Messages cannot be sent: MESSAGES_URL is not set.")
    if not recipient.strip() or not text.strip() or len(text) > MAX_CHARACTERS:
        raise ValueError(f"Give a recipient, and a text of 1 to {MAX_CHARACTERS} characters.")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS), httpx.AsyncClient(timeout=None) as client:
            answer = await client.post(url, json={"recipient": recipient, "text": text})
    except (httpx.HTTPError, TimeoutError) as error:
        raise ValueError("The message service does not answer: nobody knows whether the message has left.") from error
    if not answer.is_success:
        raise ValueError(f"The message service answered with HTTP status {answer.status_code}.")
    return f"The message to {recipient} is sent."


TOOLS = [send_message]
