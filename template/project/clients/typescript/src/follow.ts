// Runs that outlive their connection.

import { setTimeout as pause } from "node:timers/promises";

type Fetch = (url: string, options: RequestInit) => Promise<Response>;
type Ask = (props: object, signal?: AbortSignal) => Promise<Response>;

const PATIENCE = 60_000; // milliseconds in which a lost run must be reached again

/**
 * A `fetch` for AG-UI's `HttpAgent`: when the connection is lost, the run is followed from the last event that came.
 * Aborting it cancels the run.
 */
export function following(fetch: Fetch): Fetch {
  return async (url, options) => {
    const input = JSON.parse(String(options.body));
    const signal = options.signal ?? new AbortController().signal;
    const post = (body: unknown, signal?: AbortSignal) => fetch(url, { ...options, signal, body: JSON.stringify(body) });
    const ask: Ask = (props, signal) => post({ ...input, messages: [], resume: [], forwardedProps: props }, signal);
    const response = await post({ ...input, forwardedProps: { ...input.forwardedProps, background: true } }, signal);
    if (!response.ok || !response.body) return response;
    return new Response(streamed(events(response, ask, input.runId, signal)), response);
  };
}

async function* events(response: Response, ask: Ask, runId: string, signal: AbortSignal): AsyncGenerator<string> {
  const cancel = () => void ask({ cancel: { runId } }).catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  let after = 0;
  let heard = Date.now();
  try {
    for (let wait = 50; ; wait = Math.min(2 * wait, 2_000)) {
      try {
        for await (const event of blocks(response)) {
          [after, heard, wait] = [numberOf(event) ?? after, Date.now(), 50];
          yield `${event}\n\n`;
          if (/"type": ?"RUN_(FINISHED|ERROR)"/.test(event)) return;
        }
        if (!response.ok) throw new Error(`the run cannot be followed: HTTP ${response.status}`);
      } catch (error) {
        if (signal.aborted || !response.ok || Date.now() - heard > PATIENCE) throw error;
      }
      await pause(wait, undefined, { signal });
      response = await ask({ follow: { runId, after } }, signal).catch(() => new Response());
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

const numberOf = (event: string) => Number(/^id: ?(\d+)$/m.exec(event)?.[1]) || undefined;

/** What stands between empty lines; the end of one that was cut is left out. */
async function* blocks(response: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (rest + text).split("\n\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

function streamed(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await texts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: () => void texts.return(undefined),
  });
}
