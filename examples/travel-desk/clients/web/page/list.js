// The list of conversations: each opens, and can be renamed and deleted.

import { element } from "./dom.js";

export class List {
  #entries = new Map(); // from a conversation to its element in the list
  #list;
  #dialog;
  #open;
  #edited = null;

  /** `open` is called with a conversation that is chosen, `deleted` with one that is to go. */
  constructor(list, dialog, { open, renamed, deleted }) {
    this.#list = list;
    this.#dialog = dialog;
    this.#open = open;
    dialog.onclose = () => {
      const name = dialog.querySelector("input").value.trim();
      if (dialog.returnValue === "save") renamed(Object.assign(this.#edited, { name }));
      if (dialog.returnValue === "delete") deleted(this.#edited);
    };
  }

  /** The conversations, oldest first. */
  get all() {
    return [...this.#entries.keys()];
  }

  add(conversation) {
    const title = element("button", { type: "button", dir: "auto", onclick: () => this.#open(conversation) });
    const more = element("button", { type: "button", className: "more", textContent: "⋯", onclick: () => this.#edit(conversation) });
    const entry = element("li", {}, title, more);
    this.#list.prepend(entry);
    this.#entries.set(conversation, { entry, title, more });
    return conversation;
  }

  remove(conversation) {
    this.#entries.get(conversation).entry.remove();
    this.#entries.delete(conversation);
  }

  update(current) {
    for (const [conversation, { title, more }] of this.#entries) {
      title.textContent = conversation.title;
      more.ariaLabel = `Rename or delete “${conversation.title}”`;
      title.classList.toggle("running", conversation.running);
      title.classList.toggle("waiting", conversation.waiting);
      title.ariaCurrent = conversation === current ? "true" : null;
    }
  }

  #edit(conversation) {
    this.#edited = conversation;
    this.#dialog.returnValue = "";
    this.#dialog.querySelector("input").value = conversation.title;
    this.#dialog.showModal();
  }
}
