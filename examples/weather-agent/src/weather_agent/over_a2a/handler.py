"""A2A's operations (https://a2a-protocol.org/latest/specification/#3-a2a-protocol-operations) on runs."""

import json
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import uuid4

from a2a.server.context import ServerCallContext
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types import (
    AgentCard,
    CancelTaskRequest,
    GetTaskRequest,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
)
from a2a.utils.errors import (
    ContentTypeNotSupportedError,
    ExtendedAgentCardNotConfiguredError,
    InvalidParamsError,
    PushNotificationNotSupportedError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.proto_utils import validate_proto_required_fields
from a2a.utils.task import apply_history_length, validate_history_length
from bedrock_agentcore import BedrockAgentCoreContext

from ..errors import Refused
from ..runs.requests import Cancel, checked_session
from ..server.service import Service
from ..server.streaming import SESSION_HEADER
from .errors import rpc_error
from .messages import answers, question
from .tasks import Work, request_of
from .updates import Update

WRITTEN = {"text/plain", "text/*", "*/*", "application/json"}
"""The output modes that the agent has."""
MAX_PAGE = 100
PAGE_TOKEN = re.compile(r"[0-9]{0,9}")


class Handler(RequestHandler):
    """A context is a session; of one without a name, AgentCore's. A task goes on when its caller leaves."""

    def __init__(self, service: Service, max_tasks: int) -> None:
        self._service = service
        self._max_tasks = max_tasks
        self._tasks: OrderedDict[str, Work] = OrderedDict()

    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task:
        """`SendMessage`: the task when it has ended or waits; or at once, if that is asked."""
        work = await self._begun(params, context)
        if not params.configuration.return_immediately:
            await work.settled()
        return apply_history_length(work.snapshot(), params.configuration)

    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Update]:
        """`SendStreamingMessage`: the task, and what changes in it as it happens."""
        work = await self._begun(params, context)
        async with aclosing(work.follow(self._service)) as updates:
            async for update in updates:
                yield apply_history_length(update, params.configuration) if isinstance(update, Task) else update

    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Update]:
        """`SubscribeToTask`: the task as it is, and what changes in it from here on."""
        work = self._found(params.id)
        if work.ended or work.waits:
            raise UnsupportedOperationError("The task does nothing that could be followed: `GetTask` tells it.")
        async with aclosing(work.follow(self._service)) as updates:
            async for update in updates:
                yield update

    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task:
        """`GetTask`: the task as it is now."""
        validate_history_length(params)
        return apply_history_length(self._found(params.id).snapshot(), params)

    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """`ListTasks`: those that the process holds, the newest first."""
        size = params.page_size if params.HasField("page_size") else 50
        if not 1 <= size <= MAX_PAGE or not PAGE_TOKEN.fullmatch(params.page_token):
            raise InvalidParamsError(f"A page has 1 to {MAX_PAGE} tasks, and its token is one that was given here.")
        validate_history_length(params)
        since = params.status_timestamp_after.ToDatetime()
        wanted = [
            apply_history_length(work.snapshot(with_artifacts=params.include_artifacts), params)
            for work in reversed(self._tasks.values())
            if params.context_id in ("", work.context_id)
            and params.status in (0, work.status.state)
            and work.status.timestamp.ToDatetime() >= since
        ]
        start = int(params.page_token or 0)
        more = str(start + size) if start + size < len(wanted) else ""
        page = wanted[start : start + size]
        return ListTasksResponse(tasks=page, next_page_token=more, page_size=len(page), total_size=len(wanted))

    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task:
        """`CancelTask`: end its run, or what it waits for."""
        work = self._found(params.id)
        if work.ended:
            raise TaskNotCancelableError("The task has ended.")
        cancel = Cancel() if work.waits else Cancel(runId=work.run_id)
        try:
            await self._service.cancel(request_of(work.context_id, work.run_id, cancel=cancel))
        except Refused as refused:
            raise rpc_error(refused) from refused
        await work.settled()
        if work.waits:
            work.cancelled()
        return work.snapshot()

    def _found(self, task_id: str) -> Work:
        try:
            return self._tasks[task_id]
        except KeyError:
            raise TaskNotFoundError(f"There is no task {task_id}.") from None

    async def _begun(self, params: SendMessageRequest, context: ServerCallContext) -> Work:
        """The task that the message begins or goes on with, at work."""
        validate_proto_required_fields(params)
        _check(params.configuration)
        message = params.message
        try:
            work = await self._asked(message, context)
            message.task_id, message.context_id = work.id, work.context_id
            run = str(uuid4())
            given: dict[str, Any] = {"resume": answers(message, work.interrupts)} if work.waits else {}
            asked = given or {"messages": [question(message)]}
            BedrockAgentCoreContext.set_request_context(run, work.context_id)  # log_json reads them
            request = request_of(work.context_id, run, background=True, **asked)
            await work.begin(self._service, request, message)
        except Refused as refused:
            raise rpc_error(refused) from refused
        self._keep(work)
        return work

    async def _asked(self, message: Message, context: ServerCallContext) -> Work:
        if not message.task_id:
            session = context.state.get("headers", {}).get(SESSION_HEADER.lower())
            return Work(str(uuid4()), checked_session(message.context_id or session or str(uuid4())))
        work = self._tasks.get(message.task_id) or await self._recalled(message)
        if message.context_id not in ("", work.context_id):
            raise InvalidParamsError(f"The task {work.id} is of another context.")
        if not work.waits:
            state = "has ended: begin another, in the same context" if work.ended else "is at work"
            raise UnsupportedOperationError(f"The task {work.id} {state}.")
        return work

    async def _recalled(self, message: Message) -> Work:
        """A task of a process before this one, whose session has kept what it waits for."""
        context_id = message.context_id
        if not context_id or any(work.waits for work in self._tasks.values() if work.context_id == context_id):
            return self._found(message.task_id)
        work, run = Work(message.task_id, checked_session(context_id)), str(uuid4())
        async with self._service.events(request_of(context_id, run, history=True)) as events:
            told = [event async for _, event in events]
        work.recall(json.loads(told[-1]))
        return work if work.waits else self._found(message.task_id)

    def _keep(self, work: Work) -> None:
        """Hold it. What its context waited for before, it waits for no longer; the oldest that has ended goes first."""
        for other in self._tasks.values():
            if other.context_id == work.context_id and other.waits and other is not work:
                other.cancelled()
        self._tasks[work.id] = work
        self._tasks.move_to_end(work.id)
        ended = [id for id, each in self._tasks.items() if each.ended]
        for id in ended[: max(len(self._tasks) - self._max_tasks, 0)]:
            del self._tasks[id]

    async def on_create_task_push_notification_config(self, params: Any, context: ServerCallContext) -> Any:
        """Refused, as all of push notifications: callers read streams."""
        raise PushNotificationNotSupportedError

    on_get_task_push_notification_config = on_create_task_push_notification_config
    on_list_task_push_notification_configs = on_create_task_push_notification_config
    on_delete_task_push_notification_config = on_create_task_push_notification_config

    async def on_get_extended_agent_card(self, params: Any, context: ServerCallContext) -> AgentCard:
        """Refused: the card says all there is."""
        raise ExtendedAgentCardNotConfiguredError


def _check(configuration: SendMessageConfiguration) -> None:
    validate_history_length(configuration)
    if configuration.HasField("task_push_notification_config"):
        raise PushNotificationNotSupportedError
    modes = configuration.accepted_output_modes
    if modes and not WRITTEN.intersection(modes):
        raise ContentTypeNotSupportedError("This agent writes text/plain.")
