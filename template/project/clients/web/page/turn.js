// A turn as plain data, which can be kept and shown again: the question, and what came in answer to it.
// Its parts, in the order in which they came, are of the kinds "thoughts", "text" and "tool".

/** A turn that has just been asked. `ended` becomes "complete", "stopped" or "failed". */
export function newTurn(question) {
  return { question, parts: [], ended: "", error: null, seconds: 0, firstToken: null, tokens: 0 };
}

/** Take one AG-UI event in, `seconds` after the question; those of no interest here are passed over. */
export function follow(turn, event, seconds) {
  turn.seconds = seconds;
  take[event.type]?.(turn, event, seconds);
}

/** The answer's text, without the thoughts and the tools. */
export function answer(turn) {
  return turn.parts
    .filter((part) => part.kind === "text")
    .map((part) => part.text)
    .join("\n\n");
}

const take = {
  __proto__: null,

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

  TEXT_MESSAGE_START: (turn) => turn.parts.push({ kind: "text", text: "" }),

  TEXT_MESSAGE_CONTENT(turn, { delta }, seconds) {
    turn.firstToken ??= seconds;
    if (turn.parts.at(-1)?.kind !== "text") turn.parts.push({ kind: "text", text: "" });
    turn.parts.at(-1).text += delta.replaceAll("\r", "");
  },

  TOOL_CALL_START(turn, { toolCallId, toolCallName }, seconds) {
    turn.firstToken ??= seconds;
    turn.parts.push({
      kind: "tool",
      id: toolCallId,
      name: toolCallName,
      arguments: "",
      result: null,
      since: seconds,
      seconds: 0,
    });
  },

  TOOL_CALL_ARGS: (turn, { toolCallId, delta }) => update(turn, toolCallId, (call) => (call.arguments += delta)),

  TOOL_CALL_END: (turn, { toolCallId }, seconds) => update(turn, toolCallId, (call) => (call.since = seconds)),

  TOOL_CALL_RESULT: (turn, { toolCallId, content }, seconds) =>
    update(turn, toolCallId, (call) => Object.assign(call, { result: content, seconds: seconds - call.since })),

  RUN_FINISHED(turn, { usage }) {
    turn.ended = "complete";
    turn.tokens = (usage ?? []).reduce((sum, entry) => sum + (entry.totalTokens ?? 0), 0);
  },
};

function update(turn, id, change) {
  const call = turn.parts.find((part) => part.kind === "tool" && part.id === id);
  if (call) change(call);
}
