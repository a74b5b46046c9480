// A conversation: its turns, the one that runs, and how all of them outlive a reload of the page.

import { events } from "./agent.js";
import { element } from "./dom.js";
import { AgentError, newId } from "./protocol.js";
import { follow, newTurn } from "./turn.js";
import { TurnView } from "./view.js";

const KEY = "conversations";

/** The conversations of this tab, oldest first. A turn that a reload cut short counts as stopped. */
export function load() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    for (const turn of kept.flatMap((conversation) => conversation.turns)) turn.ended ||= "stopped";
    return kept.map((data) => new Conversation(data));
  } catch (error) {
    console.warn("What this tab kept cannot be read:", error);
    return [];
  }
}

/** Keep them; when the browser's space is used up, the oldest are given up. */
export function save(conversations) {
  for (let start = 0; start <= conversations.length; start++) {
    try {
      return sessionStorage.setItem(KEY, JSON.stringify(conversations.slice(start)));
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
    }
  }
}

/** One session with the agent, and its place on the page. */
export class Conversation {
  #controller = null;
  #element = null;
  #views = new Map();

  constructor({ id, turns } = { id: newId(), turns: [] }) {
    this.id = id;
    this.turns = turns;
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
    return this.turns[0]?.question ?? "New conversation";
  }

  get running() {
    return this.#controller !== null;
  }

  stop() {
    this.#controller?.abort();
  }

  /** One turn, shown as it streams; it ends by itself, by `stop`, or with an error that the turn then tells. */
  async ask(question, place) {
    const turn = newTurn(question);
    const view = this.#show(turn);
    this.turns.push(turn);
    const frames = new Frames(() => view.update());
    this.#controller = new AbortController();
    await this.#follow(turn, place, frames);
    this.#controller = null;
    frames.end();
    return turn;
  }

  /** Take a turn away: the agent forgets one that it did not finish. */
  remove(turn) {
    this.turns.splice(this.turns.indexOf(turn), 1);
    this.#views.get(turn).element.remove();
    this.#views.delete(turn);
  }

  toJSON() {
    return { id: this.id, turns: this.turns };
  }

  async #follow(turn, place, frames) {
    const start = performance.now();
    const elapsed = () => (performance.now() - start) / 1000;
    try {
      for await (const event of events(place, turn.question, this.id, this.#controller.signal)) {
        follow(turn, event, elapsed());
        frames.request();
      }
      turn.ended ||= "stopped";
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      Object.assign(turn, { ended: "failed", error: { code: error.code, message: error.message } });
    }
    turn.seconds = elapsed();
  }

  #show(turn) {
    const view = new TurnView(turn);
    this.#views.set(turn, view);
    this.element.append(view.element);
    return view;
  }
}

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
