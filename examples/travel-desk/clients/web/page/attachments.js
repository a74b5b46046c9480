// Files that go with the next question: chosen, dropped or pasted. The agent says which it reads.

import { element } from "./dom.js";
import { newId } from "./protocol.js";

const MOST = 3_000_000; // bytes of all files together: a request may have 4 MiB, and base64 makes four of three
const TEXT = { md: "text/markdown", csv: "text/csv", txt: "text/plain", html: "text/html" }; // browsers do not know all

export class Attachments {
  #files = []; // {id, name, type, size, value}
  #list;
  #say;

  constructor(list, say) {
    this.#list = list;
    this.#say = say;
  }

  /** The files as parts of an AG-UI message, which are then no longer here. */
  take() {
    const parts = this.#files.map(({ name, type, value }) => ({
      type: type.startsWith("image/") ? "image" : "document",
      source: { type: "data", value, mimeType: type },
      metadata: { name },
    }));
    this.#files = [];
    this.#show();
    return parts;
  }

  async add(files) {
    for (const file of files) {
      const size = this.#files.reduce((sum, { size }) => sum + size, file.size);
      if (size > MOST) this.#say(`${file.name} is too large: all files together may have ${MOST / 1_000_000} MB.`);
      else this.#files.push({ id: newId(), name: file.name, type: typeOf(file), size: file.size, value: await base64(file) });
    }
    this.#show();
  }

  #show() {
    this.#list.replaceChildren(...this.#files.map((file) => this.#item(file)));
  }

  #item({ id, name }) {
    const remove = element("button", { type: "button", className: "quiet", textContent: "×", ariaLabel: `Remove ${name}` });
    remove.onclick = () => {
      this.#files = this.#files.filter((file) => file.id !== id);
      this.#show();
    };
    return element("li", {}, name, remove);
  }
}

const typeOf = ({ name, type }) => type || TEXT[name.split(".").at(-1).toLowerCase()] || "application/octet-stream";

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary);
}
