// One turn of the agent as AG-UI events: what a page of your own can start from.

import { AgentError } from "./protocol.js";
import { exchanged } from "./socket.js";
import { streamed } from "./stream.js";

const PATIENCE = 2_000; // milliseconds, in which the agent notices that a stopped answer was left, and frees its session

/**
 * The events of one turn, each as soon as it arrives; aborting `signal` cancels the turn.
 *
 * @param {{arn?: string, token?: string, signer?: string}} place - a runtime and who asks it, or else the endpoint that
 *   signs addresses of a runtime's WebSocket; empty for the agent beside this page
 * @throws {AgentError} - unless `signal` is aborted, which ends the events
 */
export async function* events(place, question, session, signal) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    try {
      return yield* turn(place, question, session, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.code !== "session_busy" || Date.now() > end) throw explained(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function turn(place, question, session, signal) {
  if (place.signer && !place.arn) return exchanged(place.signer, question, session, signal);
  return streamed(place, question, session, signal);
}

function explained(error) {
  if (error instanceof AgentError) return error;
  if (error instanceof SyntaxError) return new AgentError("not_an_agent", "What answered there does not speak AG-UI.");
  return new AgentError("connection_lost", "The connection broke before the answer was complete. The session is kept.");
}
