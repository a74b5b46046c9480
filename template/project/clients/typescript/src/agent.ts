// The agent as AG-UI's own client sees it: on this machine, or on AgentCore Runtime.

import { randomUUID } from "node:crypto";
import { HttpAgent } from "@ag-ui/client";
import { BedrockAgentCoreClient, InvokeAgentRuntimeCommand } from "@aws-sdk/client-bedrock-agentcore";

const SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";

/** The agent that `uv run serve` serves. Its `threadId` is the session: give an earlier one to go on with it. */
export function localAgent(url = "http://127.0.0.1:8080/invocations", threadId: string = randomUUID()): HttpAgent {
  return new HttpAgent({ url, threadId });
}

/** The agent of a runtime, asked with a bearer token or, without one, with AWS credentials (SigV4). */
export function deployedAgent(arn: string, token?: string, threadId: string = randomUUID()): HttpAgent {
  const region = arn.split(":")[3];
  const host = process.env.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE ?? `https://bedrock-agentcore.${region}.amazonaws.com`;
  const url = `${host}/runtimes/${encodeURIComponent(arn)}/invocations?qualifier=DEFAULT`;
  if (!token) return new HttpAgent({ url, threadId, fetch: invoking(arn, threadId) });
  return new HttpAgent({ url, threadId, headers: { Authorization: `Bearer ${token}`, [SESSION_HEADER]: threadId } });
}

/** A `fetch` that sends its request by InvokeAgentRuntime, once: a question asked again would be answered again. */
function invoking(arn: string, runtimeSessionId: string) {
  const client = new BedrockAgentCoreClient({ region: arn.split(":")[3], maxAttempts: 1 });
  return async (_url: string, { body, signal }: RequestInit): Promise<Response> => {
    const payload = new TextEncoder().encode(String(body));
    const call = {
      agentRuntimeArn: arn,
      runtimeSessionId,
      payload,
      contentType: "application/json",
      accept: "text/event-stream",
    };
    const abortSignal = signal ?? new AbortController().signal;
    const { response, contentType } = await client.send(new InvokeAgentRuntimeCommand(call), { abortSignal });
    const stream = response!.transformToWebStream().pipeThrough(new TransformStream(), { signal: abortSignal });
    return new Response(stream, { headers: { "content-type": contentType! } });
  };
}
