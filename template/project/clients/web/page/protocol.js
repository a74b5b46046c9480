// What is said to the agent and by it, however it travels.

/** A turn that failed: a stable `code`, and a message for the person who asked. */
export class AgentError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** A new id; as a session's, it is what AgentCore wants: 33 to 100 characters, here 36. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // crypto.randomUUID would need HTTPS or this machine
  return `web-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** An AG-UI 1.0 `RunAgentInput` with the new message, which the agent takes in either protocol; it keeps the rest. */
export function runInput(question, session) {
  const message = { id: newId(), role: "user", content: question };
  return JSON.stringify({
    threadId: session,
    runId: newId(),
    state: {},
    messages: [message],
    tools: [],
    context: [],
    forwardedProps: {},
  });
}

/** The event in a message of the agent; throws the `AgentError` that RUN_ERROR tells. */
export function parsed(message) {
  const event = JSON.parse(message);
  if (event.type === "RUN_ERROR") throw new AgentError(event.code ?? "run_error", event.message);
  return event;
}

/** What was wrong with a request, as its answer says. */
export async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const message = problem.message ?? `The agent answered HTTP ${response.status} ${response.statusText}.`;
  return new AgentError(problem.code ?? `http_${response.status}`, message);
}

/** `fetch`, whose failure to reach anybody is an `AgentError`. */
export function request(url, options) {
  return fetch(url, options).catch((error) => {
    if (options.signal.aborted) throw error;
    throw new AgentError("unreachable", "No agent answers. Is it running?");
  });
}
