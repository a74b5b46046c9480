// One turn of the agent as AG-UI events: what a page of your own can start from.

const SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const SILENCE = 60_000; // milliseconds without a byte; the agent sends a heartbeat every 15 s
const PATIENCE = 2_000; // milliseconds, in which the agent notices that a stopped answer was left, and frees its session

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

/** Where requests go: a runtime's own address, or, without an ARN, beside this page. */
export function address(arn) {
  if (!arn) return new URL("invocations", document.baseURI).href;
  const host = `https://bedrock-agentcore.${arn.split(":")[3]}.amazonaws.com`;
  return `${host}/runtimes/${encodeURIComponent(arn)}/invocations?qualifier=DEFAULT`;
}

/**
 * The events of one turn, each as soon as it arrives; aborting `signal` cancels the turn.
 *
 * @param {{arn?: string, token?: string}} place - a deployed runtime, and who asks it; empty for the agent here
 * @throws {AgentError} - unless `signal` is aborted, which ends the events
 */
export async function* events(place, question, session, signal) {
  const silence = new Silence();
  try {
    const response = await ask(place, question, session, AbortSignal.any([signal, silence.signal]));
    yield* parsed(response.body.pipeThrough(new TextDecoderStream()).getReader(), silence);
  } catch (error) {
    if (!signal.aborted) throw silence.signal.aborted ? silence.signal.reason : explained(error);
  } finally {
    silence.end();
  }
}

async function ask(place, question, session, signal) {
  const start = Date.now();
  let response = await post(place, question, session, signal);
  while (response.status === 409 && Date.now() - start < PATIENCE) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    response = await post(place, question, session, signal);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

function post(place, question, session, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream", [SESSION_HEADER]: session };
  if (place.arn && place.token) headers.Authorization = `Bearer ${place.token}`;
  const body = JSON.stringify(runInput(question, session));
  return fetch(address(place.arn), { method: "POST", headers, body, signal }).catch((error) => {
    if (signal.aborted) throw error;
    throw new AgentError("unreachable", "No agent answers. Is it running?");
  });
}

/** An AG-UI 1.0 `RunAgentInput` with the new message, which the agent takes in either protocol; it keeps the rest. */
function runInput(question, session) {
  const message = { id: newId(), role: "user", content: question };
  return {
    threadId: session,
    runId: newId(),
    state: {},
    messages: [message],
    tools: [],
    context: [],
    forwardedProps: {},
  };
}

async function refusal(response) {
  const problem = await response.json().catch(() => ({}));
  const message = problem.message ?? `The agent answered HTTP ${response.status} ${response.statusText}.`;
  return new AgentError(problem.code ?? `http_${response.status}`, message);
}

async function* parsed(reader, silence) {
  let rest = "";
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    silence.broken();
    const lines = (rest + read.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const event = JSON.parse(line.slice(5));
      if (event.type === "RUN_ERROR") throw new AgentError(event.code ?? "run_error", event.message);
      yield event;
      if (event.type === "RUN_FINISHED") return;
    }
  }
  throw new TypeError("the stream ended without RUN_FINISHED");
}

function explained(error) {
  if (error instanceof AgentError) return error;
  if (error instanceof SyntaxError) return new AgentError("not_an_agent", "What answered there does not speak AG-UI.");
  return new AgentError("connection_lost", "The connection broke before the answer was complete. The session is kept.");
}

/** Aborts its signal when nothing came for a minute. */
class Silence {
  #controller = new AbortController();
  #timer;

  constructor() {
    this.broken();
  }

  get signal() {
    return this.#controller.signal;
  }

  broken() {
    this.end();
    this.#timer = setTimeout(() => this.#controller.abort(this.#reason()), SILENCE);
  }

  end() {
    clearTimeout(this.#timer);
  }

  #reason() {
    return new AgentError(
      "silent",
      `Nothing came for ${SILENCE / 1000} s, not even a heartbeat, so the turn was given up.`,
    );
  }
}
