// A conversation: its turns, the one that goes on, and its place on the page. What was said, the agent keeps.

import { cancel, events, history } from "./agent.js";
import { element } from "./dom.js";
import { AgentError, newId, runInput } from "./protocol.js";
import { save } from "./store.js";
import * as tools from "./tools.js";
import { follow, messagesOf, newRun, newTurn, openCalls, turnsOf } from "./turn.js";
import { TurnView } from "./view.js";

// The agent refused what was sent because it waits for another answer: what that is, its history tells.
const REFUSED = ["interrupt_pending", "already_answered", "incomplete_resume", "invalid_payload", "unknown_interrupt"];

/** One session with the agent. `changed` is called with it when a turn begins, waits or ends. */
export class Conversation {
  #controller = null;
  #isForgotten = false;
  #element = null;
  #stopping = null;
  #views = new Map();

  constructor({ id = "", name = "", turns = [] } = {}, changed = () => {}) {
    this.id = id || newId();
    this.name = name;
    this.turns = turns;
    this.isKnown = Boolean(id); // to the agent, perhaps
    this.changed = changed;
  }

  /** Made when it is first looked at. */
  get element() {
    if (!this.#element) {
      this.#element = element("section", { role: "log", ariaLive: "off", ariaLabel: "Conversation" });
      for (const turn of this.turns) this.#show(turn);
    }
    return this.#element;
  }

  get title() {
    return this.name || this.turns[0]?.question || "New conversation";
  }

  get running() {
    return this.#controller !== null;
  }

  /** Whether a turn waits for somebody's answer. */
  get waiting() {
    return !this.running && Boolean(this.#asking);
  }

  toJSON() {
    return { id: this.id, name: this.name, turns: this.turns };
  }

  /** Ask. `files` are parts of AG-UI messages. */
  ask(place, question, files = []) {
    return this.#ask(place, newId(), question, files);
  }

  /** Ask again: a turn that failed, at the end; of one that was answered, what came after it is gone. */
  askAgain(place, turn, question = turn.question) {
    const answered = turn.ended === "complete";
    for (const gone of answered ? this.turns.slice(this.turns.indexOf(turn)) : [turn]) this.#remove(gone);
    return this.#ask(place, answered ? turn.id : newId(), question, []);
  }

  /** Answer an interrupt; the turn goes on once each of its interrupts has an answer. */
  async answer(place, entry) {
    const turn = this.#asking;
    const asked = turn?.asks.find(({ id }) => id === entry.interruptId);
    if (this.running || !asked) return;
    asked.answer = entry;
    this.#view(turn).update();
    if (turn.asks.every((ask) => ask.answer)) await this.#goOn(place, turn);
  }

  /** End what goes on, or waits. */
  async stop(place) {
    const turn = this.running ? this.turns.at(-1) : this.#asking;
    if (!turn) return;
    const id = turn.run?.id;
    Object.assign(turn, { ended: "stopped", asks: [], run: null });
    this.#stopping = cancel(place, this.id, id, AbortSignal.timeout(5_000)).catch(() => {});
    this.#controller?.abort();
    this.#view(turn).update();
    this.#keep();
    await this.#stopping;
  }

  /** Show what the agent knows: a turn that goes on, or waits, goes on here too. */
  async synchronise(place) {
    if (this.running) return;
    const open = this.turns.find(({ run, ended }) => run && !ended);
    try {
      const told = await history(place, this.id, AbortSignal.timeout(20_000));
      if (this.running) return;
      this.#isForgotten = !told.messages.length;
      const runs = told.activeRunId ?? open?.run.id;
      const last = this.#take(told);
      if (told.activeRunId && last) await this.#goOnReading(place, last, runs);
      else if (open?.run) await this.#goOnReading(place, open, runs);
    } catch (error) {
      if (open) this.#fail(open, error);
      else console.warn("The agent does not tell its history:", error);
    }
  }

  get #asking() {
    return this.turns.findLast(({ asks, ended }) => asks.length && !ended);
  }

  /** The turn that the agent knows last. */
  #take({ messages, activeRunId, interrupts, pendingToolCallIds = [] }) {
    const known = new Map(this.turns.map((turn) => [turn.id, turn]));
    const told = turnsOf(messages).map((turn) => this.#takeTurn(turn, known.get(turn.id)));
    const last = told.at(-1);
    if (last && (activeRunId || interrupts.length || pendingToolCallIds.length)) {
      Object.assign(last, { ended: "", asks: interrupts });
      this.#view(last).update();
    }
    this.#keep();
    return last;
  }

  #takeTurn(told, known) {
    if (!known) {
      this.#show(told);
      this.turns.push(told);
      return told;
    }
    if (known.ended !== "complete" || known.question !== told.question) {
      const { question, parts } = told;
      Object.assign(known, { question, parts, run: null, error: null, ended: "complete" });
      this.#view(known).update();
    }
    return known;
  }

  async #goOnReading(place, turn, runId) {
    newRun(turn, runId);
    turn.run.begun = true;
    await this.#read(place, turn);
    await this.#afterRun(place, turn);
  }

  async #ask(place, id, question, files) {
    const named = files.map(({ metadata, source }) => ({ name: metadata.name, type: source.mimeType }));
    const turn = newTurn(id, question, named);
    const before = this.#isForgotten ? messagesOf(this.turns) : [];
    this.#isForgotten = false;
    this.#show(turn);
    this.turns.push(turn);
    const content = files.length ? [{ type: "text", text: question }, ...files] : question;
    return this.#run(place, turn, { messages: [...before, { id, role: "user", content }] });
  }

  async #run(place, turn, input) {
    await this.#stopping;
    const id = newId();
    newRun(turn, id, runInput(this.id, id, input));
    await this.#read(place, turn);
    return this.#afterRun(place, turn);
  }

  /** Calls of the page's own tools are answered at once, unless somebody is asked too. */
  async #afterRun(place, turn) {
    if (!turn.ended && !turn.asks.length) await this.#goOn(place, turn);
    return turn;
  }

  async #goOn(place, turn) {
    const resume = turn.asks.map(({ answer }) => answer);
    const calls = openCalls(turn).filter(tools.isOurs);
    const messages = await Promise.all(calls.map(async (call) => toolMessage(call.id, await tools.run(call))));
    if (!resume.length && !messages.length) return this.#fail(turn, foreignTool());
    turn.asks = [];
    return this.#run(place, turn, { messages, resume });
  }

  async #read(place, turn) {
    const view = this.#view(turn);
    const frames = new Frames(() => view.update());
    this.#controller = new AbortController();
    this.#keep();
    try {
      await this.#follow(place, turn, frames);
    } catch (error) {
      this.#fail(turn, error);
    }
    this.#controller = null;
    frames.end();
    this.#keep();
    if (REFUSED.includes(turn.error?.code)) await this.synchronise(place);
  }

  async #follow(place, turn, frames) {
    const start = performance.now() - 1000 * (turn.seconds ?? 0);
    const { signal } = this.#controller;
    const tell = (lost) => {
      turn.lost = lost;
      frames.request();
    };
    for await (const event of events(place, this.id, turn.run, signal, tell)) {
      if (signal.aborted) return;
      follow(turn, event, (performance.now() - start) / 1000);
      if (event.type === "RUN_STARTED") this.#keep(); // other tabs can follow it from now on
      frames.request();
    }
  }

  #fail(turn, error) {
    if (!(error instanceof AgentError)) throw error;
    const { code, message } = error;
    Object.assign(turn, { run: null, ended: turn.ended || "failed", error: { code, message } });
    this.#view(turn).update();
  }

  #keep() {
    save(this);
    this.changed(this);
  }

  #remove(turn) {
    this.turns.splice(this.turns.indexOf(turn), 1);
    this.#view(turn).element.remove();
    this.#views.delete(turn);
  }

  #view(turn) {
    return this.element && this.#views.get(turn);
  }

  #show(turn) {
    const view = new TurnView(turn);
    this.#views.set(turn, view);
    this.element.append(view.element);
  }
}

const toolMessage = (toolCallId, content) => ({ id: newId(), role: "tool", toolCallId, content });

const foreignTool = () => new AgentError("unknown_tool", "The agent waits for a tool that this page does not have.");

/** Draws at most once for each picture that the screen shows, and for at most a fifth of the time. */
class Frames {
  #draw;
  #requested = 0;
  #rested = 0;

  constructor(draw) {
    this.#draw = draw;
  }

  request() {
    this.#requested ||= requestAnimationFrame((now) => this.#frame(now));
  }

  end() {
    cancelAnimationFrame(this.#requested);
    this.#draw();
  }

  #frame(now) {
    this.#requested = 0;
    if (now < this.#rested) return this.request();
    const began = performance.now();
    this.#draw();
    this.#rested = began + 5 * (performance.now() - began);
  }
}
