"""The model: Amazon Bedrock's ConverseStream. CrewAI's own client loses the tool calls of a stream."""

from .converse import Converse as Model
from .converse import converse as build_model
from .provider import DOCUMENTS, IMAGES

__all__ = ["READS", "Model", "build_model"]
READS = IMAGES | DOCUMENTS
