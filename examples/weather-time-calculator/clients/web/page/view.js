// A turn on the page. `update` shows what has changed since the last time: only a text's last block is drawn again.

import { AskCard } from "./ask.js";
import { copyButton, element } from "./dom.js";
import { FileView } from "./files.js";
import { render, startOfLastBlock } from "./markdown.js";
import { answer } from "./turn.js";

const SLOW = 1_000; // milliseconds
const TOLD = 400; // characters of what another agent says
const FAILED = /^Error:/; // how a tool's result begins when the tool has failed

/**
 * One question and its answer. It sends the events `again` (with `detail`: the turn, and a new question if it was
 * edited) and `answer`, that of a card.
 */
export class TurnView {
  #turn;
  #parts = [];
  #cards = new Map(); // from an interrupt's id to its card
  #question = element("header");
  #body = element("div", { className: "answer" });
  #end = element("footer");
  #ended = null;

  constructor(turn) {
    this.#turn = turn;
    this.element = element("article", {}, this.#question, this.#body, this.#end);
    this.update();
  }

  update() {
    const { parts, ended, asks, lost } = this.#turn;
    this.element.classList.toggle("running", !ended && !asks.length);
    for (const view of this.#parts.splice(parts.length)) view.element.remove();
    parts.forEach((part, index) => this.#part(part, index).update(part, asks.length ? "waiting" : ended));
    this.#showCards(asks);
    const state = JSON.stringify([this.#turn.question, ended, asks.length, lost, this.#turn.error]);
    if (state === this.#ended) return;
    this.#ended = state;
    this.#showQuestion();
    this.#end.replaceChildren(...this.#ending());
  }

  #part(part, index) {
    const old = this.#parts[index];
    if (old?.kind === part.kind) return old;
    const view = Object.assign(new VIEWS[part.kind](part), { kind: part.kind });
    if (old) old.element.replaceWith(view.element);
    else this.#body.append(view.element);
    this.#parts[index] = view;
    return view;
  }

  #showCards(asks) {
    for (const ask of asks) {
      if (!this.#cards.has(ask.id)) this.#cards.set(ask.id, new AskCard(ask, this.#call(ask.toolCallId)));
      const card = this.#cards.get(ask.id);
      if (!card.element.isConnected) this.#end.before(card.element);
      card.update(ask);
    }
    for (const [id, card] of this.#cards) {
      if (asks.some((ask) => ask.id === id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
  }

  #call = (id) => this.#turn.parts.findLast((part) => part.kind === "tool" && part.id === id);

  #showQuestion() {
    const { question, files, ended } = this.#turn;
    const names = files.map(({ name }) => element("li", { textContent: name }));
    const shown = [element("h2", { textContent: question, dir: "auto" })];
    if (names.length) shown.push(element("ul", { className: "files", ariaLabel: "Files" }, ...names));
    if (ended) shown.push(element("button", { type: "button", className: "edit", textContent: "Edit", onclick: this.#edit }));
    this.#question.replaceChildren(...shown);
  }

  #edit = () => {
    const text = element("textarea", { value: this.#turn.question, ariaLabel: "Your question, edited", dir: "auto" });
    const ask = element("button", { type: "submit", className: "primary", textContent: "Ask" });
    const cancel = element("button", { type: "button", textContent: "Cancel", onclick: () => this.#showQuestion() });
    const form = element("form", { className: "edit" }, text, ask, cancel);
    form.onsubmit = (event) => {
      event.preventDefault();
      if (text.value.trim()) this.#again(text.value.trim());
    };
    this.#question.replaceChildren(form);
    text.focus();
  };

  *#ending() {
    const { error, ended, lost, asks } = this.#turn;
    if (lost && !ended) yield element("p", { className: "lost", role: "status" }, "Reconnecting…");
    if (error) yield element("p", { className: "error" }, `${error.message} `, element("code", {}, error.code));
    if (!ended) return;
    const told = numbers(this.#turn);
    if (told) yield element("span", { className: "numbers", textContent: told });
    if (answer(this.#turn)) yield copyButton(() => answer(this.#turn), "Copy the answer");
    if (asks.length) return;
    const label = ended === "complete" ? "Answer again" : "Try again";
    yield element("button", { type: "button", textContent: label, onclick: () => this.#again() });
  }

  #again = (question) => {
    const detail = { turn: this.#turn, question };
    this.element.dispatchEvent(new CustomEvent("again", { bubbles: true, detail }));
  };
}

/** Text as markdown; what the renderer fails at, or takes long for, is shown as it is: no answer may stop the page. */
class TextView {
  #final = 0; // characters whose nodes stay as they are
  #text = "";
  #last = [];
  #plain = false;
  element = element("div", { className: "text" });

  update({ text }) {
    if (text === this.#text) return;
    if (!text.startsWith(this.#text)) this.#clear();
    this.#text = text;
    this.#plain ||= !this.#rendered(text);
    if (this.#plain) this.element.replaceChildren(element("p", { className: "plain", dir: "auto", textContent: text }));
  }

  #clear() {
    this.element.replaceChildren();
    [this.#final, this.#last] = [0, []];
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
    if (this.element.dataset.state === "done" && this.#text.textContent === text) return;
    this.#text.textContent = text;
    this.#label.textContent = thinking ? "Thinking…" : taken ? `Thought for ${seconds(taken)}` : "Thoughts";
    this.element.dataset.state = thinking ? "working" : "done";
    if (!thinking) this.element.open = false;
  }
}

class ToolView {
  #call = element("code");
  #outcome = element("span", { className: "outcome" });
  #arguments = element("pre", { tabIndex: 0 });
  #result = element("pre", { tabIndex: 0 });
  #told = element("span", { className: "told", dir: "auto", hidden: true });

  constructor({ name }) {
    const summary = element("summary", {}, element("span", { className: "mark" }), this.#call, this.#outcome);
    const details = element("dl", {}, element("dt", {}, "Arguments"), element("dd", {}, this.#arguments));
    details.append(element("dt", {}, "Result"), element("dd", {}, this.#result));
    summary.append(this.#told);
    this.element = element("details", { className: "folded tool" }, summary, details);
    this.#call.textContent = name;
  }

  update(call, ended) {
    const state = stateOf(call, ended);
    this.#tell(call.told && state === "working" ? call.told : "");
    if (this.element.dataset.state === state && this.#arguments.textContent === call.arguments) return;
    this.element.dataset.state = state;
    this.#call.textContent = `${call.name}(${named(call.arguments)})`;
    this.#outcome.textContent = {
      done: call.seconds ? seconds(call.seconds) : "",
      failed: call.seconds ? `failed · ${seconds(call.seconds)}` : "failed",
      broken: "no result",
      waiting: "waits for you",
      working: "…",
    }[state];
    this.#arguments.textContent = call.arguments;
    this.#result.textContent = call.result ?? "";
  }

  /** The end of what another agent says, as long as it says it; then it is the result. */
  #tell(text) {
    this.#told.hidden = !text;
    this.#told.textContent = text.slice(-TOLD);
  }
}

const VIEWS = { text: TextView, thoughts: ThoughtsView, tool: ToolView, file: FileView };

function stateOf({ result }, ended) {
  if (result === null) return ended === "waiting" ? ended : ended ? "broken" : "working";
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
  if (total !== null) parts.push(seconds(total)); // of a turn that was seen
  if (tokens) parts.push(`${tokens.toLocaleString("en")} tokens`);
  return parts.join(" · ");
}

const seconds = (value, digits = 1) => `${value.toFixed(digits)} s`;
