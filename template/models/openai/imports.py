import os
from typing import Any

from openai import APIError, AsyncOpenAI

from .errors import Failure
from .model_answer import ID_CHARACTERS as ID_CHARACTERS
from .model_calls import model_calls as model_calls
from .model_client import ModelClient
from .model_client import connections as connections
from .model_failures import causes, model_failure, told_failure
from .settings import Settings
