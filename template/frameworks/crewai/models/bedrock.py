"""The model: Amazon Bedrock's ConverseStream. CrewAI's own client loses the tool calls of a stream."""

from .provider import DOCUMENTS, IMAGES
from .provider.converse import Converse as Model
from .provider.converse import converse as build_model

__all__ = ["READS", "Model", "build_model"]
READS = IMAGES | DOCUMENTS
