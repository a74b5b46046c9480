// A form for an object that a JSON schema describes, and what was filled in.

import { element } from "./dom.js";
import { newId } from "./protocol.js";

/** Fields for the properties of `schema`, with the values that `given` has. */
export class Form {
  #fields;

  constructor(schema, given = {}) {
    const required = new Set(schema.required);
    this.#fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
      return new Field(name, property, given[name] ?? property.default, required.has(name));
    });
    this.element = element("div", { className: "fields" }, ...this.#fields.map((field) => field.element));
  }

  /** The object; a field that is empty and need not be there is left out. Throws what is wrong, for people. */
  get value() {
    const entries = this.#fields.map((field) => [field.name, field.value]);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  }
}

class Field {
  constructor(name, schema, value, required) {
    this.name = name;
    this.required = required;
    this.kind = kindOf(schema);
    this.input = INPUTS[this.kind](schema);
    if (value !== undefined) this.#show(value);
    this.input.required = required && this.kind !== "boolean";
    this.input.id = newId();
    const label = element("label", { htmlFor: this.input.id }, schema.title ?? name);
    this.element = element("div", { className: `field ${this.kind}` }, label, this.input);
    if (schema.description) this.#describe(schema.description);
  }

  get value() {
    if (this.kind === "boolean") return this.input.checked;
    if (this.input.value === "") return this.required && this.kind === "string" ? "" : undefined;
    return READERS[this.kind](this.input.value, this.name);
  }

  #show(value) {
    if (this.kind === "boolean") this.input.checked = value;
    else this.input.value = this.kind === "json" ? JSON.stringify(value, null, 2) : value;
  }

  #describe(text) {
    const help = element("p", { id: newId(), textContent: text });
    this.input.setAttribute("aria-describedby", help.id);
    this.element.append(help);
  }
}

function kindOf({ type, enum: choices }) {
  if (choices?.every((choice) => typeof choice === "string")) return "choice";
  return ["boolean", "integer", "number", "string"].includes(type) ? type : "json";
}

const INPUTS = {
  boolean: () => element("input", { type: "checkbox" }),
  choice: ({ enum: choices }) => element("select", {}, element("option", { value: "" }), ...choices.map(option)),
  integer: (schema) => number(schema, 1),
  number: (schema) => number(schema, "any"),
  string: ({ maxLength = 100_000 }) => element("textarea", { rows: 1, maxLength, dir: "auto" }),
  json: () => element("textarea", { rows: 3, spellcheck: false, className: "code" }),
};

const READERS = {
  choice: String,
  string: String,
  integer: Number,
  number: Number,
  json(text, name) {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`${name} is not JSON.`);
    }
  },
};

const option = (text) => element("option", { value: text, textContent: text });

const number = ({ minimum = "", maximum = "" }, step) =>
  element("input", { type: "number", min: minimum, max: maximum, step });
