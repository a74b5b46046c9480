// `npm test`: asks a real agent, the one at AGENT_URL or the one that `uv run serve --offline` serves.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";

const AGENT = process.env.AGENT_URL ?? `http://127.0.0.1:${process.env.PORT || 8080}`;

function start(question: string, session: string = randomUUID(), url = AGENT) {
  const program = ["dist/ask.js", "--url", url, "--session", session, question];
  return spawn(process.execPath, program, { stdio: ["ignore", "pipe", "pipe"] });
}

async function ask(...asked: Parameters<typeof start>) {
  const child = start(...asked);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code, out, err };
}

const counted = (to: number) => `${Array.from({ length: to }, (_, index) => index + 1).join(" ")}\n`;

test("the answer is printed", async () => {
  assert.deepEqual(await ask("Count to 20"), { code: 0, out: counted(20), err: "" });
});

test("a session goes on", async () => {
  const session = randomUUID();
  await ask("My colour is green", session);
  const { out } = await ask("What was my first question?", session);
  assert.match(out, /My colour is green/);
});

test("a refused question is told", async () => {
  assert.deepEqual(await ask(" "), { code: 1, out: "", err: "A question must be text, and not blank. (invalid_prompt)\n" });
});

test("an agent that is not there is told in a line", async () => {
  const { code, err } = await ask("Hello", randomUUID(), "http://127.0.0.1:9/invocations");
  assert.equal(code, 1);
  assert.match(err, /^[^\n]+\n$/);
});

test("the result is printed, and what is asked of nobody fails", async () => {
  const run = { threadId: "t", runId: "r" };
  const outcome = { type: "interrupt", interrupts: [{ id: "i", reason: "input_required", message: "Which?\x1b[2J" }] };
  const ends = [{ result: { summary: "so" } }, { outcome }];
  const server = createHttpServer((request, response) => {
    response.setHeader("content-type", "text/event-stream");
    const events = [{ type: "RUN_STARTED", ...run }, { type: "RUN_FINISHED", ...run, ...ends.shift() }];
    response.end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.deepEqual(await ask("Hello", randomUUID(), url), { code: 0, out: '{\n  "summary": "so"\n}\n', err: "" });
  assert.deepEqual(await ask("Hello", randomUUID(), url), {
    code: 1,
    out: "",
    err: "? Which?[2J\nThe agent waits for an answer: ask in a terminal.\n",
  });
  server.close();
});

test("no event is lost or doubled when connections break", async () => {
  const { hostname, port } = new URL(AGENT);
  let connections = 0;
  const way = createServer((client) => {
    const agent = connect(Number(port), hostname);
    let left = [300, 700, 1_500, 4_000][connections++ % 4] ?? 0; // bytes of the answer
    client.on("error", () => {}).pipe(agent);
    agent.on("error", () => {}).on("data", (data) => {
      client.write(data.subarray(0, left));
      left -= data.length;
      if (left <= 0) [client, agent].forEach((end) => end.destroy());
    });
    agent.on("close", () => client.destroy());
    client.on("close", () => agent.destroy());
  });
  await once(way.listen(0, "127.0.0.1"), "listening");
  const { port: open } = way.address() as AddressInfo;
  assert.deepEqual(await ask("Count to 60", randomUUID(), `http://127.0.0.1:${open}`), {
    code: 0,
    out: counted(60),
    err: "",
  });
  assert.ok(connections > 2);
  way.close();
});

test("text comes while the agent answers, and Ctrl-C stops it", { skip: process.platform === "win32" }, async () => {
  const child = start("Count to 9000");
  const rest = text(child.stderr);
  const [first] = await once(child.stdout, "data");
  assert.match(String(first), /^1/);
  child.kill("SIGINT");
  let out = String(first);
  child.stdout.on("data", (data) => (out += data));
  const [code] = await once(child, "close");
  assert.deepEqual([code, await rest], [130, "Stopped.\n"]);
  assert.ok(!out.includes("9000"));
});
