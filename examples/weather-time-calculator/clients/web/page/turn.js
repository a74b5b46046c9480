// A turn as plain data, which can be kept and shown again: the question, and what came in answer to it.
// Its parts, in the order in which they came, are of the kinds "thoughts", "text", "tool" and "file".

import * as files from "./files.js";
import { newId } from "./protocol.js";

const ANSWER = "give_answer"; // the tool by which the model gives an answer of a form

/** A turn that has just been asked. `ended` becomes "complete", "stopped" or "failed"; `asks` are open interrupts. */
export function newTurn(id, question, files = []) {
  return {
    id, // of the question's message
    question,
    files,
    parts: [],
    asks: [],
    ended: "",
    error: null,
    seconds: 0,
    firstToken: null,
    tokens: 0,
    run: null, // the one that goes on
  };
}

/** The turn's next run. `before` is what the turn was without it: its first event, told again, begins it again. */
export function newRun(turn, id, body) {
  turn.run = { id, after: 0, begun: false, before: structuredClone({ parts: turn.parts, tokens: turn.tokens }) };
  Object.defineProperty(turn.run, "body", { value: body }); // not kept: it may hold files
}

/** Take one AG-UI event in, `seconds` after the question; those of no interest here are passed over. */
export function follow(turn, event, seconds) {
  turn.seconds = seconds;
  if (event.subagentRunId) return subagent[event.type]?.(turn, event); // no part of this agent's answer
  take[event.type]?.(turn, event, seconds);
}

/** The turns that an agent's history tells; what was not seen has no times. */
export function turnsOf(messages) {
  const turns = [];
  for (const message of messages) {
    if (message.role === "user") turns.push(asked(message));
    else if (turns.length) said[message.role]?.(turns.at(-1), message);
  }
  return turns;
}

/** Turns as messages, for an agent that has forgotten them. */
export function messagesOf(turns) {
  const whole = turns.filter(({ ended }) => ended === "complete");
  return whole.flatMap(({ id, question, parts }) => [{ id, role: "user", content: question }, ...parts.flatMap(told)]);
}

function told(part) {
  const id = newId();
  if (part.kind === "text") return part.text.trim() && !part.data ? [{ id, role: "assistant", content: part.text }] : [];
  if (part.kind !== "tool" || part.result === null) return [];
  const call = { id: part.id, type: "function", function: { name: part.name, arguments: part.arguments || "{}" } };
  const result = { id: newId(), role: "tool", toolCallId: part.id, content: part.result };
  return [{ id, role: "assistant", toolCalls: [call] }, result];
}

/** The answer's text, without the thoughts and the tools. */
export function answer(turn) {
  return turn.parts
    .filter((part) => part.kind === "text")
    .map((part) => part.text)
    .join("\n\n");
}

/** Its tool calls that have no result. */
export const openCalls = (turn) => turn.parts.filter(({ kind, result }) => kind === "tool" && result === null);

const take = {
  __proto__: null,

  RUN_STARTED: (turn) => turn.run && Object.assign(turn, structuredClone(turn.run.before)),

  REASONING_MESSAGE_START: (turn, event, seconds) =>
    turn.parts.push({ kind: "thoughts", text: "", since: seconds, seconds: null }),

  REASONING_MESSAGE_CONTENT(turn, { delta }, seconds) {
    turn.firstToken ??= seconds;
    const last = turn.parts.at(-1);
    if (last?.kind === "thoughts") last.text += delta;
  },

  REASONING_MESSAGE_END(turn, event, seconds) {
    const last = turn.parts.at(-1);
    if (last?.kind === "thoughts") last.seconds = seconds - last.since;
  },

  TEXT_MESSAGE_START: (turn) => turn.parts.push(text("")),

  TEXT_MESSAGE_CONTENT(turn, { delta }, seconds) {
    turn.firstToken ??= seconds;
    if (turn.parts.at(-1)?.kind !== "text") turn.parts.push(text(""));
    turn.parts.at(-1).text += delta.replaceAll("\r", "");
  },

  TOOL_CALL_START(turn, { toolCallId, toolCallName }, seconds) {
    turn.firstToken ??= seconds;
    turn.parts.push(call(toolCallId, toolCallName, "", seconds));
  },

  TOOL_CALL_ARGS: (turn, { toolCallId, delta }) => update(turn, toolCallId, (call) => (call.arguments += delta)),

  TOOL_CALL_END: (turn, { toolCallId }, seconds) => update(turn, toolCallId, (call) => (call.since = seconds)),

  TOOL_CALL_RESULT: (turn, { toolCallId, content }, seconds) =>
    update(turn, toolCallId, (call) => Object.assign(call, { result: content, seconds: seconds - call.since })),

  ACTIVITY_SNAPSHOT(turn, { messageId, activityType, content }) {
    if (activityType !== "file") return;
    files.begin(messageId, content.data);
    turn.parts.push(file(content));
  },

  ACTIVITY_DELTA: (turn, { messageId, patch }) => files.add(messageId, patch),

  RUN_FINISHED(turn, { usage, outcome, result }) {
    turn.run = null;
    if (result != null) turn.parts.push(data(result));
    turn.tokens += (usage ?? []).reduce((sum, entry) => sum + (entry.totalTokens ?? 0), 0);
    turn.asks = outcome?.interrupts ?? [];
    if (outcome?.type === "cancelled") turn.ended = "stopped";
    else if (!turn.asks.length && !outcome?.pendingToolCallIds?.length) turn.ended = "complete";
  },
};

/** What another agent says belongs to the call that asks it. */
const subagent = {
  __proto__: null,

  SUBAGENT_STARTED: (turn, { subagentRunId, parentToolCallId }) =>
    update(turn, parentToolCallId, (call) => Object.assign(call, { agent: subagentRunId, told: "" })),

  TEXT_MESSAGE_CONTENT(turn, { subagentRunId, delta }) {
    const call = turn.parts.findLast(({ kind, agent }) => kind === "tool" && agent === subagentRunId);
    if (call) call.told += delta;
  },
};

const said = {
  __proto__: null,
  reasoning: (turn, { content }) => turn.parts.push({ kind: "thoughts", text: content, since: 0, seconds: 0 }),

  tool(turn, { toolCallId, content, metadata }) {
    update(turn, toolCallId, (call) => (call.result = plain(content)));
    turn.parts.push(...(metadata?.files ?? []).map(file));
    const given = turn.parts.findLast(({ id, name, result }) => id === toolCallId && name === ANSWER && !result.startsWith("Error:"));
    if (given) turn.parts.push(data(JSON.parse(given.arguments)));
  },

  assistant(turn, { content, toolCalls }) {
    if (content) turn.parts.push(text(content.replaceAll("\r", "")));
    for (const { id, function: called } of toolCalls ?? []) turn.parts.push(call(id, called.name, called.arguments, 0));
  },
};

function asked({ id, content }) {
  const files = typeof content === "string" ? [] : content.filter(({ type }) => type !== "text");
  const named = files.map(({ metadata, source }) => ({ name: metadata?.name ?? source.mimeType, type: source.mimeType }));
  return { ...newTurn(id, plain(content), named), ended: "complete", seconds: null };
}

function plain(content) {
  if (typeof content === "string") return content;
  return content.map((part) => part.text ?? "").join("");
}

/** What the answer comes to, where it has a form; the messages have it in the call that gives it. */
const data = (value) => ({ ...text(`\`\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\``), data: true });

const text = (text) => ({ kind: "text", text });

const file = ({ id, name, mediaType, size }) => ({ kind: "file", id, name, type: mediaType, size });

const call = (id, name, json, since) => ({ kind: "tool", id, name, arguments: json, result: null, since, seconds: 0 });

function update(turn, id, change) {
  const found = turn.parts.findLast((part) => part.kind === "tool" && part.id === id);
  if (found) change(found);
}
