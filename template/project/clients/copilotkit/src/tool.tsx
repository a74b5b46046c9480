// A tool call as a line that opens to its arguments and result.

const ANSWER = "give_answer"; // by which the model gives an answer of a form: what it comes to is shown at once

interface Call {
  name: string;
  status: "inProgress" | "executing" | "complete";
  parameters: unknown;
  result?: string;
}

export function Tool({ name, status, parameters, result }: Call) {
  const given = name === ANSWER && status === "complete" && !failed(result);
  const state = status !== "complete" ? "pending" : failed(result) ? "failed" : "done";
  return (
    <details className="tool" data-state={state} open={given || undefined}>
      <summary>
        <code>{name}</code> <span>{state}</span>
      </summary>
      <pre>{JSON.stringify(parameters, null, 2)}</pre>
      <pre>{result}</pre>
    </details>
  );
}

/** What was declined has not been done either: CopilotKit shows the person's answer as the result. */
function failed(result = ""): boolean {
  return result.startsWith("Error:") || /^{"approved":false\b/.test(result);
}
