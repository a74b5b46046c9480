// What went wrong with the last run. CopilotKit's chat does not show it: half an answer would look whole.

import { type AgentSubscriber, useAgent } from "@copilotkit/react-core/v2";
import { useEffect, useState } from "react";

const CUT = "The connection broke before the answer was complete. Ask again.";

/** A sentence for the person who asked; undefined while all is well. */
export function useFailure(): string | undefined {
  const { agent } = useAgent();
  const [failure, setFailure] = useState<string>();
  useEffect(() => agent.subscribe(watching(setFailure)).unsubscribe, [agent]);
  return failure;
}

function watching(tell: (failure?: string) => void): AgentSubscriber {
  let ended = false;
  const end = (failure?: string) => {
    ended = true;
    tell(failure);
  };
  return {
    onRunInitialized() {
      ended = false;
      tell();
    },
    onRunFinishedEvent: () => end(),
    onRunErrorEvent: ({ event }) => end(event.code === "abort" ? undefined : `${event.message} (${event.code})`),
    onRunFailed: ({ error }) => end(error.name === "AbortError" ? undefined : explained(error)),
    onRunFinalized: () => (ended ? undefined : end(CUT)),
  };
}

/** What an HTTP error of the agent says, else what went wrong on the way. */
function explained(error: Error & { status?: number; payload?: { code?: string; message?: string } }): string {
  if (error.payload?.message) return `${error.payload.message} (${error.payload.code})`;
  return error.status ? `The agent answered HTTP ${error.status}.` : CUT;
}
