import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import httpx2 as httpx
from openai import APIConnectionError, APIError, APIStatusError, AsyncOpenAI
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, retry_if_result, stop_before_delay
from tenacity.wait import wait_random_exponential

from .errors import Failure
from .model_calls import current_calls
from .model_calls import model_calls as model_calls
from .settings import Settings
