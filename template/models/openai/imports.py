import os
from typing import Any

from openai import APIError, AsyncOpenAI

from ..errors import Failure
from ..settings import Settings
from .answer import ID_CHARACTERS as ID_CHARACTERS
from .calls import model_calls as model_calls
from .failures import causes, told_failure
from .model_client import ModelClient
from .model_client import connections as connections
