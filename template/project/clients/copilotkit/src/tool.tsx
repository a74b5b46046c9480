// A tool call as a line that opens to its arguments and result.

interface Call {
  name: string;
  status: "inProgress" | "executing" | "complete";
  parameters: unknown;
  result?: string;
}

export function Tool({ name, status, parameters, result }: Call) {
  const state = status !== "complete" ? "pending" : result?.startsWith("Error:") ? "failed" : "done";
  return (
    <details className="tool" data-state={state}>
      <summary>
        <code>{name}</code> <span>{state}</span>
      </summary>
      <pre>{JSON.stringify(parameters, null, 2)}</pre>
      <pre>{result}</pre>
    </details>
  );
}
