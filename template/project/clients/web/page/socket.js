// One turn over a runtime's WebSocket, at an address that an endpoint beside this page signs for the session.

import { AgentError, parsed, refusal, request, runInput } from "./protocol.js";

/** The events up to RUN_FINISHED; aborting `signal` closes the socket, which cancels the turn, and is an error. */
export async function* exchanged(signer, question, session, signal) {
  const socket = new WebSocket(await signed(signer, session, signal));
  const close = () => socket.close();
  signal.addEventListener("abort", close);
  try {
    await opened(socket);
    socket.send(runInput(question, session));
    yield* events(received(socket).getReader());
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** A new address for each turn: one is good for a minute, and for this session alone. */
async function signed(signer, session, signal) {
  const headers = { "Content-Type": "application/json" };
  const response = await request(signer, { method: "POST", headers, body: JSON.stringify({ session }), signal });
  if (!response.ok) throw await refusal(response);
  return (await response.json()).url;
}

function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.onopen = resolve; // a browser does not tell why a socket was refused
    socket.onclose = () => reject(new AgentError("unreachable", "The runtime does not take the connection."));
  });
}

function received(socket) {
  return new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => controller.enqueue(data);
      socket.onclose = () => controller.close();
    },
  });
}

async function* events(reader) {
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    const event = parsed(read.value);
    yield event;
    if (event.type === "RUN_FINISHED") return;
  }
  throw new TypeError("the socket was closed before RUN_FINISHED");
}
