// What the agent asks of the person: to approve a tool call, or to answer a question of a tool.

import { element } from "./dom.js";
import { Form } from "./form.js";

/**
 * An open interrupt as a card. Its buttons send the event `answer`, whose `detail` is an entry of AG-UI's `resume`.
 *
 * @param {{id: string, message?: string, reason: string, responseSchema?: object, answer?: object}} interrupt
 * @param {{name: string, arguments: string}} [call] - the tool call that it is about
 */
export class AskCard {
  #interrupt;
  #form;
  #given;
  #problem = element("p", { className: "problem", role: "alert" });

  constructor(interrupt, call) {
    this.#interrupt = interrupt;
    const approval = interrupt.responseSchema?.properties?.approved;
    const schema = approval ? edited(interrupt) : (interrupt.responseSchema ?? {});
    this.#form = new Form(schema, approval ? parsed(call?.arguments) : {});
    this.#given = JSON.stringify(this.#form.value);
    const [message, page] = asked(interrupt);
    const title = element("h3", { dir: "auto", textContent: message });
    const about = call ? [element("p", { className: "about" }, "Tool ", element("code", {}, call.name))] : [];
    const link = page ? [element("p", {}, element("a", { href: page, target: "_blank", rel: "noopener noreferrer" }, page))] : [];
    const buttons = approval ? this.#approval() : this.#question();
    this.element = element("form", { className: "ask" }, title, ...about, ...link, this.#form.element, this.#problem, buttons);
    this.element.setAttribute("aria-label", title.textContent);
    this.element.onsubmit = (event) => event.preventDefault();
  }

  /** Once it is answered, it only tells how. */
  update() {
    const { answer } = this.#interrupt;
    if (!answer || this.element.classList.contains("answered")) return;
    this.element.classList.add("answered");
    this.element.inert = true;
  }

  #approval() {
    const reason = element("input", { placeholder: "Why not? (optional)", ariaLabel: "Why not", dir: "auto" });
    const approve = button("Approve", "primary", () => this.#approve());
    const decline = button("Decline", "", () => {
      this.#answer("resolved", { approved: false, ...(reason.value.trim() && { reason: reason.value.trim() }) });
    });
    return element("div", { className: "buttons" }, approve, decline, reason);
  }

  #question() {
    const send = button("Answer", "primary", () => this.#fill((value) => this.#answer("resolved", value)));
    const cancel = button("Cancel", "", () => this.#answer("cancelled"));
    return element("div", { className: "buttons" }, send, cancel);
  }

  #approve() {
    this.#fill((value) => {
      const changed = JSON.stringify(value) !== this.#given;
      this.#answer("resolved", { approved: true, ...(changed && { editedArgs: value }) });
    });
  }

  #fill(use) {
    if (!this.element.reportValidity()) return;
    let value;
    try {
      value = this.#form.value;
    } catch (error) {
      this.#problem.textContent = error.message;
      return;
    }
    use(value);
  }

  #answer(status, payload) {
    const detail = { interruptId: this.#interrupt.id, status, ...(payload && { payload }) };
    this.element.dispatchEvent(new CustomEvent("answer", { bubbles: true, detail }));
  }
}

const button = (text, className, onclick) => element("button", { type: "button", className, textContent: text, onclick });

/** The schema of the arguments that an approval may change. */
function edited({ responseSchema }) {
  return { ...responseSchema.properties.editedArgs, $defs: responseSchema.$defs };
}

/** An address that can be read: no user's name, white space or look-alike letter hides where it leads. */
const WEB = /^https?:\/\/[\w.:[\]-]+([/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/;

/** What is asked, and the page to open for it: its whole address, if it is one of the web. */
export function asked({ message = "The agent asks", metadata }) {
  const page = String(metadata?.authorizationUrl ?? "");
  if (!page) return [message, ""];
  if (!WEB.test(page)) return [`${message} (This address is not one of the web: do not open it.)`, ""];
  return [message.endsWith(page) ? message.slice(0, -page.length).trimEnd() : message, page];
}

function parsed(json) {
  try {
    return JSON.parse(json || "{}");
  } catch {
    return {};
  }
}
