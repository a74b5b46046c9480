// AG-UI's own client, unchanged, in conversation with the agent at AGENT_URL. `runAgent` puts every stream through
// `verifyEvents`: an event that the protocol does not allow at its place rejects the run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { buildResumeArray, getRunOutcome, HttpAgent, randomUUID } from "@ag-ui/client";

const COLOUR = {
  name: "pick_colour",
  description: "Let the user pick a colour.",
  parameters: { type: "object", properties: { shade: { type: "string" } }, required: ["shade"] },
};

const client = () => new HttpAgent({ url: `${process.env.AGENT_URL}/invocations` });

/** Asks, and gives the text of the answer and how the run ended. */
async function ask(agent, content, parameters) {
  agent.addMessage({ id: randomUUID(), role: "user", content });
  return run(agent, parameters);
}

async function run(agent, parameters = {}) {
  let outcome;
  const { newMessages } = await agent.runAgent(parameters, {
    onRunFinishedEvent: ({ event }) => void (outcome = getRunOutcome(event)),
    onRunErrorEvent: ({ event }) => assert.fail(`${event.code}: ${event.message}`),
  });
  return { outcome, messages: newMessages, text: newMessages.at(-1)?.content };
}

/** Resumes with a payload for each interrupt, in their order. */
function answer(agent, ...payloads) {
  const responses = agent.pendingInterrupts.map(({ id }, index) => [id, { status: "resolved", payload: payloads[index] }]);
  return run(agent, { resume: buildResumeArray(agent.pendingInterrupts, Object.fromEntries(responses)) });
}

const results = (messages) => messages.filter(({ role }) => role === "tool").map(({ content }) => content);

test("parallel calls stay one turn, and the conversation is kept", async () => {
  const agent = client();
  const { messages } = await ask(agent, 'call echo {"text": "one"} call calculator {"expression": "6*7"}');
  assert.deepEqual(messages.map(({ role }) => role), ["assistant", "tool", "tool", "assistant"]);
  assert.deepEqual(messages[0].toolCalls.map((call) => call.function.name), ["echo", "calculator"]);
  assert.deepEqual(results(messages).sort(), ["42", "one"]);
  assert.match((await ask(agent, "What was my first question?")).text, /call echo/);
});

test("an edited question replaces the old one", async () => {
  const agent = client();
  await ask(agent, "Hello");
  await ask(agent, "My colour is green");
  agent.setMessages(agent.messages.slice(0, 2));
  await ask(agent, "My colour is blue");
  assert.match((await ask(agent, "What did I ask before?")).text, /blue/);
});

test("the state is shared", async () => {
  const agent = client();
  await ask(agent, 'call note {"text": "milk"}');
  assert.deepEqual(agent.state, { notes: ["milk"] });
  agent.setState({ notes: ["bread"] });
  await ask(agent, 'call note {"text": "eggs"}');
  assert.deepEqual(agent.state, { notes: ["bread", "eggs"] });
});

test("a file is an activity, which stays with the client", async () => {
  const agent = client();
  await ask(agent, 'call hand_over {"name": "a.txt", "text": "for you"}');
  const [{ activityType, content }] = agent.messages.filter(({ role }) => role === "activity");
  assert.deepEqual([activityType, content.name, content.mediaType, atob(content.data.join(""))], ["file", "a.txt", "text/plain", "for you"]);
  const [{ metadata }] = agent.messages.filter(({ role }) => role === "tool");
  assert.deepEqual(metadata.files.map(({ id, name }) => [id, name]), [[content.id, "a.txt"]]);
  let sent;
  const remember = { onRunInitialized: ({ input }) => void (sent = input) };
  agent.addMessage({ id: randomUUID(), role: "user", content: "What was my first question?" });
  await agent.runAgent({}, remember);
  assert.ok(!JSON.stringify(sent).includes(content.data[0]));
  assert.equal(agent.messages.filter(({ role }) => role === "activity").length, 1);
});

test("an approval is given, declined, and given for other arguments", async () => {
  const agent = client();
  for (const [payload, result] of [
    [{ approved: true }, /^launched 1 Ariane$/],
    [{ approved: false, reason: "Too windy" }, /Too windy/],
    [{ approved: true, editedArgs: { rocket: "Vega", count: 2 } }, /^launched 2 Vega$/],
  ]) {
    const { outcome } = await ask(agent, 'call launch {"rocket": "Ariane"}');
    assert.equal(outcome.type, "interrupt");
    assert.deepEqual(agent.pendingInterrupts.map(({ message }) => message), ["Launch Ariane?"]);
    const { messages, outcome: ended } = await answer(agent, payload);
    assert.match(results(messages)[0], result);
    assert.equal(ended.type, "success");
    assert.deepEqual(agent.pendingInterrupts, []);
  }
});

test("several interrupts, of two kinds, are answered at once", async () => {
  const agent = client();
  await ask(agent, 'call launch {"rocket": "Ariane"} call book {"city": "Kourou"} call echo {"text": "ran first"}');
  assert.deepEqual(results(agent.messages), ["ran first"]);
  const payloads = agent.pendingInterrupts.map(({ message }) =>
    message.startsWith("Launch") ? { approved: true } : { nights: 2, room: "double" },
  );
  assert.equal(payloads.length, 2);
  const told = results((await answer(agent, ...payloads)).messages).join();
  assert.match(told, /launched 1 Ariane/);
  assert.match(told, /double/);
});

test("a cancelled approval does not run the tool", async () => {
  const agent = client();
  await ask(agent, 'call launch {"rocket": "Ariane"}');
  const [{ id }] = agent.pendingInterrupts;
  const { messages, outcome } = await run(agent, { resume: buildResumeArray(agent.pendingInterrupts, { [id]: { status: "cancelled" } }) });
  assert.equal(outcome.type, "success");
  assert.doesNotMatch(results(messages).join(), /launched/);
});

test("a tool of the client is called, and its result goes on", async () => {
  const agent = client();
  const { outcome, messages } = await ask(agent, 'call pick_colour {"shade": "dark"}', { tools: [COLOUR] });
  const [call] = messages.at(-1).toolCalls;
  assert.deepEqual([outcome.type, outcome.pendingToolCallIds], ["success", [call.id]]);
  agent.addMessage({ id: randomUUID(), role: "tool", toolCallId: call.id, content: "#000088" });
  assert.match((await run(agent, { tools: [COLOUR] })).text, /#000088/);
});

test("a refused request rejects with its code", async () => {
  const agent = client();
  const refused = { stopPropagation: true };
  const codes = [];
  const failed = { onRunFailed: ({ error }) => (codes.push(error.payload?.code), refused) };
  agent.addMessage({ id: randomUUID(), role: "user", content: "Hello" });
  await agent.runAgent({ tools: [{ ...COLOUR, name: "echo" }] }, failed);
  await agent.runAgent({ resume: [{ interruptId: "no-such", status: "resolved", payload: {} }] }, failed);
  assert.deepEqual(codes, ["tool_name_taken", "unknown_interrupt"]);
});

test("an aborted run is forgotten", async () => {
  const agent = client();
  await ask(agent, "My colour is green");
  agent.addMessage({ id: randomUUID(), role: "user", content: "Count to 9000" });
  await agent.runAgent({}, { onTextMessageContentEvent: () => agent.abortRun(), onRunFailed: () => ({ stopPropagation: true }) });
  agent.setMessages(agent.messages.slice(0, 2));
  assert.match((await ask(agent, "What was my first question?")).text, /green/);
});
