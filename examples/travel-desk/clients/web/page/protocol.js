// What is said to the agent and by it, however it travels.

import { DECLARED } from "./tools.js";

/** A turn that failed: a stable `code`, a message for the person who asked, and what else the agent told with it. */
export class AgentError extends Error {
  constructor(code, message, details = {}) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** A new id; as a session's, it is what AgentCore wants: 33 to 100 characters, here 36. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // crypto.randomUUID would need HTTPS or this machine
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** An AG-UI 1.0 `RunAgentInput` with what is new; the agent keeps the rest. The run outlives its connection. */
export function runInput(session, runId, { messages = [], resume = [] }) {
  return {
    threadId: session,
    runId,
    state: {},
    messages,
    resume,
    tools: DECLARED,
    context: [],
    forwardedProps: { background: true },
  };
}

/** The event in a message of the agent; throws the `AgentError` that RUN_ERROR tells. */
export function parsed(message) {
  const event = JSON.parse(message);
  if (event.type === "RUN_ERROR") throw new AgentError(event.code ?? "run_error", event.message, event.metadata);
  return event;
}

/** What was wrong with a request, as its answer says. */
export async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const message = problem.message ?? `The agent answered HTTP ${response.status} ${response.statusText}.`;
  return new AgentError(problem.code ?? `http_${response.status}`, message, problem);
}

/** `fetch`, whose failure to reach anybody is an `AgentError`. */
export function request(url, options) {
  return fetch(url, options).catch((error) => {
    if (options.signal?.aborted) throw error;
    throw new AgentError("unreachable", "No agent answers. Is it running?");
  });
}
