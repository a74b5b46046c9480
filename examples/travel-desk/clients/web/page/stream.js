// Requests over HTTP, answered by Server-Sent Events: of the agent beside this page, or of a runtime.

import { AgentError, parsed, refusal, request } from "./protocol.js";

const SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const SILENCE = 120_000; // milliseconds without a byte: a runtime may take 60 s to start, a heartbeat comes every 15 s

/** Where requests go: a runtime's own address, or, without an ARN, beside this page. */
export function address(arn) {
  if (!arn) return new URL("invocations", document.baseURI).href;
  const host = `https://bedrock-agentcore.${arn.split(":")[3]}.amazonaws.com`;
  return `${host}/runtimes/${encodeURIComponent(arn)}/invocations?qualifier=DEFAULT`;
}

/** Each event with its number, as long as the connection lasts; aborting `signal` is an error as any other. */
export async function* streamed(place, session, body, signal) {
  const silence = new Silence();
  try {
    const response = await post(place, session, body, AbortSignal.any([signal, silence.signal]));
    yield* events(response.body.pipeThrough(new TextDecoderStream()).getReader(), silence);
  } catch (error) {
    throw silence.signal.aborted ? silence.signal.reason : error;
  } finally {
    silence.end();
  }
}

/** One request; throws the `AgentError` with which it is refused. */
export async function post(place, session, body, signal) {
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream", [SESSION_HEADER]: session };
  if (place.arn && place.token) headers.Authorization = `Bearer ${place.token}`;
  const response = await request(address(place.arn), { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.ok) throw await refusal(response);
  return response;
}

async function* events(reader, silence) {
  let rest = "";
  let number = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    silence.broken();
    const lines = (rest + read.value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (line.startsWith("id:")) number = Number(line.slice(3));
      if (line.startsWith("data:")) yield [number, parsed(line.slice(5))];
    }
  }
}

/** Aborts its signal when nothing came for too long. */
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
    return new AgentError("silent", `Nothing came for ${SILENCE / 1000} s, not even a heartbeat.`);
  }
}
