"""A typed client of the agent, for your own programs.

```python
client = AgentClient()
session = new_session()
for event in client.stream("What can you do?", session):
    if isinstance(event, TextMessageContentEvent):
        print(event.delta, end="", flush=True)
```
"""

from ..stream import AgentError, asked, new_session
from .client import AgentClient, Answer, AsyncAgentClient, History

__all__ = ["AgentClient", "AgentError", "Answer", "AsyncAgentClient", "History", "asked", "new_session"]
