"""A typed client of the agent, for your own programs.

```python
client = AgentClient()
session = new_session()
for event in client.stream("What can you do?", session):
    if isinstance(event, TextMessageContentEvent):
        print(event.delta, end="", flush=True)
    if file := file_of(event):
        file.save("from-the-agent")
```
"""

from ..files import File
from ..stream import AgentError, asked, new_session
from .client import AgentClient, Answer, AsyncAgentClient, History, file_of

__all__ = [
    "AgentClient",
    "AgentError",
    "Answer",
    "AsyncAgentClient",
    "File",
    "History",
    "asked",
    "file_of",
    "new_session",
]
