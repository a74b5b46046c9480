// The agent's runs as AG-UI events, whatever happens to the connection: what a page of your own can start from.
//
// `place` says where the agent is: `{arn, token}` for a runtime and who asks it, `{signer}` for the endpoint that signs
// addresses of a runtime's WebSocket, `{}` for the agent beside this page.

import { AgentError } from "./protocol.js";
import { exchanged, sent } from "./socket.js";
import { post, streamed } from "./stream.js";

const BUSY = 2_000; // milliseconds, in which a session that was just stopped becomes free
const UNHEARD = 4_000; // in which an agent that has said nothing yet must answer
const LOST = 60_000; // in which a run that has begun must be reached again
const PASSING = ["unreachable", "silent", "http_429", "http_502", "http_503", "http_504"];

/**
 * The events of a run, each as soon as it arrives. A lost connection is made again, and the run goes on where it was.
 *
 * @param {{id: string, after: number, begun: boolean, body?: object}} run - `body` asks for it; once it has `begun` it
 *   is followed, from its event number `after`; 0 is from its start
 * @param {AbortSignal} signal - ends the events, not the run
 * @param {(lost: boolean) => void} tell - called when the connection is lost, and when it is there again
 * @throws {AgentError} - what the run failed with, or why it cannot be had
 */
export async function* events(place, session, run, signal, tell = () => {}) {
  const patience = new Patience();
  for (let body = run.begun ? followed(run) : run.body; ; ) {
    try {
      for await (const [number, event] of connected(place, session, body, signal)) {
        tell(false);
        patience.renew();
        Object.assign(run, { after: number, begun: true });
        yield event;
        if (event.type === "RUN_FINISHED") return;
      }
      await patience.wait(LOST, broken());
      body = followed(run);
    } catch (error) {
      if (signal.aborted) return;
      body = await otherwise(body, run, error, patience);
    }
    tell(run.begun);
  }
}

/** What to ask after an error that may pass; throws it if it will not. */
async function otherwise(body, run, error, patience) {
  const { code, details } = error;
  if (code === "no_such_run") return askedAgain(run, details);
  if (code === "session_busy" && details.runId !== run.id) {
    await patience.wait(BUSY, error);
    return body;
  }
  if (code !== "session_busy" && !isPassing(error)) throw explained(error);
  await patience.wait(run.begun ? LOST : UNHEARD, explained(error));
  return followed(run);
}

/** What the session has said: `messages`, the `activeRunId` if it answers just now, and what it waits for. */
export async function history(place, session, signal) {
  const told = { messages: [], activeRunId: null, interrupts: [], pendingToolCallIds: [] };
  for await (const [, event] of connected(place, session, { history: true }, signal)) {
    if (event.type === "MESSAGES_SNAPSHOT") {
      Object.assign(told, { messages: event.messages, activeRunId: event.metadata?.activeRunId ?? null });
    }
    if (event.type === "RUN_FINISHED") Object.assign(told, event.outcome);
  }
  return told;
}

/** End a run; without an id, what the session does or waits for. */
export async function cancel(place, session, runId, signal) {
  const body = { cancel: runId ? { runId } : {} };
  await (isSigned(place) ? sent(place.signer, session, body, signal) : post(place, session, body, signal));
}

const isSigned = (place) => Boolean(place.signer && !place.arn);

const followed = (run) => ({ follow: { runId: run.id, after: run.after } });

function connected(place, session, body, signal) {
  return isSigned(place) ? exchanged(place.signer, session, body, signal) : streamed(place, session, body, signal);
}

/** The request of a run that the agent has never heard of: it is not answered twice. */
function askedAgain(run, { messages = [] }) {
  const ids = (run.body?.messages ?? []).map(({ id }) => id);
  if (run.begun || !ids.length || messages.some(({ id }) => ids.includes(id))) throw broken();
  return run.body;
}

const isPassing = (error) => error instanceof TypeError || PASSING.includes(error.code);

function broken() {
  return new AgentError("connection_lost", "The connection broke before the answer was complete. The session is kept.");
}

function explained(error) {
  if (error instanceof AgentError) return error;
  if (error instanceof SyntaxError) return new AgentError("not_an_agent", "What answered there does not speak AG-UI.");
  return broken();
}

/** How long it is waited for what may yet come: longer each time, until something does. */
class Patience {
  #since = Date.now();
  #pause = 50;

  renew() {
    this.#since = Date.now();
    this.#pause = 50;
  }

  async wait(limit, error) {
    if (Date.now() - this.#since > limit) throw error;
    this.#pause = Math.min(2 * this.#pause, 2_000);
    await new Promise((resolve) => setTimeout(resolve, this.#pause * (0.5 + Math.random() / 2)));
  }
}
