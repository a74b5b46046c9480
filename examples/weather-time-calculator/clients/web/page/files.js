// Files that the agent gives. Their bytes are in the memory of this page: a reload, or another browser, has their names.

import { element } from "./dom.js";

const IMAGES = ["image/png", "image/jpeg", "image/gif", "image/webp"]; // what cannot hold a script
const ODD = /[\p{C}/\\]/gu; // characters of folders, and those that would make a name read as another

const pieces = new Map(); // from a file's id to what has come of it, in base64
const addresses = new Map(); // from the id of a whole file to where the browser has it

/** Take what an activity tells of a file: it begins, with what has come already. */
export function begin(id, data) {
  pieces.set(id, [...(data ?? [])]);
}

/** Take the pieces that a patch adds. */
export function add(id, patch) {
  pieces.get(id)?.push(...patch.filter(({ path }) => path === "/data/-").map(({ value }) => value));
}

/** A file: to look at, where that is safe, and to save. */
export class FileView {
  #shown = null;
  element = element("figure", { className: "file" });

  update({ id, name, type, size }) {
    const address = addressOf(id, type, size);
    if (this.#shown === address) return;
    this.#shown = address;
    const clean = String(name).replaceAll(ODD, "_");
    const about = element("span", {}, address ? bytes(size) : `${bytes(size)} · no longer here`);
    const label = element("bdi", { textContent: clean });
    const link = address ? element("a", { href: address, download: clean }, label) : label;
    const image = address && IMAGES.includes(type) ? [element("img", { src: address, alt: clean })] : [];
    this.element.replaceChildren(...image, element("figcaption", {}, link, about));
  }
}

/** Where the browser has the file; empty if it does not. What may hold a script is bytes to the browser, never a page. */
function addressOf(id, type, size) {
  if (addresses.has(id)) return addresses.get(id);
  const data = decoded(pieces.get(id) ?? []);
  if (!pieces.has(id) || data.reduce((sum, { length }) => sum + length, 0) !== size) return "";
  const blob = new Blob(data, { type: IMAGES.includes(type) ? type : "application/octet-stream" });
  addresses.set(id, URL.createObjectURL(blob));
  pieces.delete(id);
  return addresses.get(id);
}

/** The bytes; none of what is not base64. */
function decoded(texts) {
  try {
    return texts.map((text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  } catch {
    return [];
  }
}

function bytes(size) {
  if (size < 1_000) return `${size} bytes`;
  return size < 1_000_000 ? `${Math.round(size / 1_000)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}
