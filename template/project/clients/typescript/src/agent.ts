// The agent as AG-UI's own client sees it: on this machine, or on AgentCore Runtime.

import { randomUUID } from "node:crypto";
import { HttpAgent } from "@ag-ui/client";
import { BedrockAgentCoreClient, InvokeAgentRuntimeCommand } from "@aws-sdk/client-bedrock-agentcore";
import { following } from "./follow.js";

const SESSION_HEADER = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";
const LOCAL = `http://127.0.0.1:${process.env.PORT || 8080}`;

/** The agent that `uv run serve` serves, on PORT. Its `threadId` is the session: give an earlier one to go on with it. */
export function localAgent(base = LOCAL, threadId: string = randomUUID()): HttpAgent {
  const { href, pathname } = new URL(base);
  return new HttpAgent({ url: pathname === "/" ? `${href}invocations` : href, threadId, fetch: following(fetch) });
}

/** The agent of a runtime, asked with a bearer token or, without one, with AWS credentials (SigV4). */
export function deployedAgent(arn: string, token?: string, threadId: string = randomUUID()): HttpAgent {
  const region = arn.split(":")[3];
  const host = process.env.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE ?? `https://bedrock-agentcore.${region}.amazonaws.com`;
  const url = `${host}/runtimes/${encodeURIComponent(arn)}/invocations?qualifier=DEFAULT`;
  if (!token) return new HttpAgent({ url, threadId, fetch: following(invoking(arn, threadId)) });
  const headers = { Authorization: `Bearer ${token}`, [SESSION_HEADER]: threadId };
  return new HttpAgent({ url, threadId, headers, fetch: following(fetch) });
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
