// `npm run ask -- "What can you do?"`: the answer on standard output as it comes, all else on standard error.
// Exit codes: 0 answered, 1 failed, 130 stopped by Ctrl-C.

import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { AgentStateMutation, AgentSubscriber } from "@ag-ui/client";
import { deployedAgent, localAgent } from "./agent.js";
import { answers, tell } from "./person.js";

const { values, positionals } = parseArgs({
  options: { url: { type: "string" }, arn: { type: "string" }, session: { type: "string" } },
  allowPositionals: true,
});

const agent = values.arn
  ? deployedAgent(values.arn, process.env.AGENT_TOKEN, values.session)
  : localAgent(values.url, values.session);

const show: AgentSubscriber = {
  onTextMessageContentEvent: ({ event }) => void (event.subagentRunId || process.stdout.write(event.delta)),
  onTextMessageEndEvent: ({ event }) => void (event.subagentRunId || process.stdout.write("\n")),
  onToolCallEndEvent: ({ toolCallName, toolCallArgs }) =>
    console.error(`· ${toolCallName}(${JSON.stringify(toolCallArgs)})`),
  onToolCallResultEvent({ event: { content } }) {
    if (String(content).startsWith("Error:")) console.error(`✗ ${content}`); // so the agent's failed tools answer
  },
  onActivitySnapshotEvent({ event: { activityType, content } }) {
    if (activityType === "file") console.error(`· file ${JSON.stringify(content.name)} (${content.size} bytes)`);
  },
  onRunFinishedEvent: ({ event: { result } }) => void (result == null || console.log(JSON.stringify(result, null, 2))),
  onRunErrorEvent: ({ event }) =>
    event.code === "abort" ? end(130, "Stopped.") : end(1, `${event.message} (${event.code})`),
  onRunFailed({ error }) {
    end(1, explained(error));
    return { stopPropagation: true } as AgentStateMutation; // else the library prints a stack trace
  },
};

function end(code: number, message: string): void {
  console.error(message);
  process.exitCode = code;
}

/** What an HTTP error of the agent says, else what went wrong on the way. */
function explained(error: Error & { payload?: { code?: string; message?: string } }): string {
  if (error.payload?.message) return `${error.payload.message} (${error.payload.code})`;
  return error.cause ? `${error.message}: ${error.cause}` : String(error);
}

process.on("SIGINT", () => agent.abortRun());
agent.addMessage({ id: randomUUID(), role: "user", content: positionals.join(" ") });
await agent.runAgent({}, show);
while (agent.pendingInterrupts.length && process.exitCode === undefined) {
  if (!process.stdin.isTTY) {
    agent.pendingInterrupts.forEach(tell);
    end(1, "The agent waits for an answer: ask in a terminal.");
    break;
  }
  await agent.runAgent({ resume: await answers(agent.pendingInterrupts) }, show);
}
