// The agent, as CopilotKit can read it.

import { HttpAgent } from "@copilotkit/react-core/v2";

/** The agent that answers at this address. */
export function agentAt(url: string): HttpAgent {
  return new HttpAgent({ url, fetch: readable });
}

/**
 * A `fetch` whose events lack what CopilotKit's AG-UI client (0.0.59) takes for a mistake: the calls of the page's own
 * tools that a run waits for, `pendingToolCallIds` of AG-UI 1.0. CopilotKit finds these calls by itself.
 */
async function readable(url: string, options: RequestInit): Promise<Response> {
  const response = await fetch(url, options);
  if (!response.ok || !response.body) return response;
  const events = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(eachLine((line) => (line.includes('"RUN_FINISHED"') ? withoutPending(line) : line)))
    .pipeThrough(new TextEncoderStream());
  return new Response(events, response);
}

function withoutPending(line: string): string {
  const event = JSON.parse(line.slice("data:".length));
  delete event.outcome?.pendingToolCallIds;
  return `data: ${JSON.stringify(event)}`;
}

function eachLine(change: (line: string) => string): TransformStream<string, string> {
  let rest = "";
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) controller.enqueue(`${change(line)}\n`);
    },
    flush: (controller) => controller.enqueue(rest),
  });
}
