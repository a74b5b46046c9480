// Requests over a runtime's WebSocket, at an address that an endpoint beside this page signs for the session.

import { AgentError, parsed, refusal, request } from "./protocol.js";

/**
 * Each event, with 0 for its number, which a socket does not tell, as long as the connection lasts; aborting `signal`
 * closes the socket, and is an error.
 */
export async function* exchanged(signer, session, body, signal) {
  const socket = await connected(signer, session, signal);
  const close = () => socket.close();
  signal.addEventListener("abort", close);
  try {
    const reader = received(socket).getReader();
    socket.send(JSON.stringify(body));
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield [0, parsed(read.value)];
    if (signal.aborted) throw signal.reason;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

/** A request that the agent does not answer here. */
export async function sent(signer, session, body, signal) {
  const socket = await connected(signer, session, signal);
  socket.send(JSON.stringify(body));
  socket.close(); // once it has sent everything
}

async function connected(signer, session, signal) {
  const socket = new WebSocket(await signed(signer, session, signal));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve; // a browser does not tell why a socket was refused
    socket.onclose = () => reject(new AgentError("unreachable", "The runtime does not take the connection."));
  });
  return socket;
}

/** A new address for each connection: one is good for a minute, and for this session alone. */
async function signed(signer, session, signal) {
  const headers = { "Content-Type": "application/json" };
  const response = await request(signer, { method: "POST", headers, body: JSON.stringify({ session }), signal });
  if (!response.ok) throw await refusal(response);
  return (await response.json()).url;
}

function received(socket) {
  return new ReadableStream({
    start(controller) {
      socket.onmessage = ({ data }) => controller.enqueue(data);
      socket.onclose = () => controller.close();
    },
  });
}
