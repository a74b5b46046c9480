// A turn on the page. `update` shows what has changed since the last time: only a text's last block is drawn again.

import { copyButton, element } from "./dom.js";
import { render, startOfLastBlock } from "./markdown.js";
import { answer } from "./turn.js";

const SLOW = 1_000; // milliseconds
const FAILED = /^Error:/; // how a tool's result begins when the tool has failed

/** One question and its answer. Its button "Try again" sends the event `retry`, whose `detail` is the turn. */
export class TurnView {
  #turn;
  #parts = [];
  #body = element("div", { className: "answer" });
  #end = element("footer");

  constructor(turn) {
    this.#turn = turn;
    this.element = element("article", {}, element("h2", { textContent: turn.question, dir: "auto" }), this.#body, this.#end);
    this.update();
  }

  update() {
    this.element.classList.toggle("running", !this.#turn.ended);
    this.#turn.parts.forEach((part, index) => this.#part(part, index).update(part, this.#turn.ended));
    if (this.#turn.ended && !this.#end.hasChildNodes()) this.#end.append(...this.#ending());
  }

  #part(part, index) {
    if (!this.#parts[index]) {
      this.#parts[index] = new VIEWS[part.kind](part);
      this.#body.append(this.#parts[index].element);
    }
    return this.#parts[index];
  }

  *#ending() {
    const { error, ended } = this.#turn;
    if (error) yield element("p", { className: "error" }, `${error.message} `, element("code", {}, error.code));
    yield element("span", { className: "numbers", textContent: numbers(this.#turn) });
    if (answer(this.#turn)) yield copyButton(() => answer(this.#turn), "Copy the answer");
    if (ended !== "complete")
      yield element("button", { type: "button", textContent: "Try again", onclick: this.#retry });
  }

  #retry = () => this.element.dispatchEvent(new CustomEvent("retry", { bubbles: true, detail: this.#turn }));
}

/** Text as markdown; what the renderer fails at, or takes long for, is shown as it is: no answer may stop the page. */
class TextView {
  #final = 0; // characters whose nodes stay as they are
  #length = 0;
  #last = [];
  #plain = false;
  element = element("div", { className: "text" });

  update({ text }) {
    if (text.length === this.#length) return;
    this.#length = text.length;
    this.#plain ||= !this.#rendered(text);
    if (this.#plain) this.element.replaceChildren(element("p", { className: "plain", dir: "auto", textContent: text }));
  }

  /** Whether it went well, and fast enough to be done again and again. */
  #rendered(text) {
    const began = performance.now();
    try {
      this.#render(text);
    } catch (error) {
      console.warn("Shown as plain text:", error);
      return false;
    }
    return performance.now() - began < SLOW;
  }

  #render(text) {
    for (const node of this.#last) node.remove();
    const start = this.#final + startOfLastBlock(text.slice(this.#final));
    if (start > this.#final) this.element.append(...render(text.slice(this.#final, start)));
    this.#last = render(text.slice(start));
    this.element.append(...this.#last);
    this.#final = start;
  }
}

/** What the model thinks: to be seen while it does, folded away once it has. */
class ThoughtsView {
  #label = element("span");
  #text = element("p", { tabIndex: 0 });

  constructor() {
    this.element = element("details", { className: "folded thoughts", open: true }, element("summary", {}, this.#label));
    this.element.append(this.#text);
  }

  update({ text, seconds: taken }, ended) {
    const thinking = taken === null && !ended;
    if (this.element.dataset.state === "done") return;
    this.#text.textContent = text;
    this.#label.textContent = thinking ? "Thinking…" : `Thought for ${seconds(taken ?? 0)}`;
    this.element.dataset.state = thinking ? "working" : "done";
    if (!thinking) this.element.open = false;
  }
}

class ToolView {
  #call = element("code");
  #outcome = element("span", { className: "outcome" });
  #arguments = element("pre", { tabIndex: 0 });
  #result = element("pre", { tabIndex: 0 });

  constructor({ name }) {
    const summary = element("summary", {}, element("span", { className: "mark" }), this.#call, this.#outcome);
    const details = element("dl", {}, element("dt", {}, "Arguments"), element("dd", {}, this.#arguments));
    details.append(element("dt", {}, "Result"), element("dd", {}, this.#result));
    this.element = element("details", { className: "folded tool" }, summary, details);
    this.#call.textContent = name;
  }

  update(call, ended) {
    const state = stateOf(call, ended);
    if (this.element.dataset.state === state && this.#arguments.textContent === call.arguments) return;
    this.element.dataset.state = state;
    this.#call.textContent = `${call.name}(${named(call.arguments)})`;
    this.#outcome.textContent = {
      done: seconds(call.seconds),
      failed: `failed · ${seconds(call.seconds)}`,
      broken: "no result",
      working: "…",
    }[state];
    this.#arguments.textContent = call.arguments;
    this.#result.textContent = call.result ?? "";
  }
}

const VIEWS = { text: TextView, thoughts: ThoughtsView, tool: ToolView };

function stateOf({ result }, ended) {
  if (result === null) return ended ? "broken" : "working";
  return FAILED.test(result) ? "failed" : "done";
}

/** `{"city": "Paris"}` as `city="Paris"`; as it is while it is incomplete. */
function named(json) {
  try {
    return Object.entries(JSON.parse(json || "{}"))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(", ");
  } catch {
    return json;
  }
}

function numbers({ ended, firstToken, seconds: total, tokens }) {
  const parts = [];
  if (ended === "stopped") parts.push("Stopped");
  if (firstToken !== null) parts.push(`first token ${seconds(firstToken, 2)}`);
  parts.push(seconds(total));
  if (tokens) parts.push(`${tokens.toLocaleString("en")} tokens`);
  return parts.join(" · ");
}

const seconds = (value, digits = 1) => `${value.toFixed(digits)} s`;
