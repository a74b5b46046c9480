// Markdown to safe DOM nodes. Answers and tool results are other people's text: nothing in them may run, load anything,
// or pose as the page.

import { Marked } from "./vendor/marked.esm.js";
import DOMPurify from "./vendor/purify.es.mjs";

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

// HTML is shown, not obeyed. An image would tell its server what the answer says, so it is a link to it.
const markdown = new Marked({
  renderer: {
    html: ({ text, block }) => (block ? `<p>${escape(text)}</p>` : escape(text)),
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    heading({ tokens, depth }) {
      const level = Math.min(depth + 2, 6); // the page's own headings are 1 and 2
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
});

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."p br hr h3 h4 h5 h6 strong em del code pre blockquote ul ol li a".split(" "),
    ..."table thead tbody tr th td".split(" "),
  ],
  ALLOWED_ATTR: ["href", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
    if (node.href) node.title = node.href;
  }
  if (node.tagName === "PRE" || node.tagName === "TABLE") node.tabIndex = 0; // to scroll a wide one with the keyboard
});

/** The nodes of a piece of markdown. */
export function render(text) {
  return [...DOMPurify.sanitize(markdown.parse(text), ALLOWED).childNodes];
}

/** Where the last block of a text begins: what is before it, more text can't change. */
export function startOfLastBlock(text) {
  const tokens = markdown.lexer(text);
  const last = tokens.findLastIndex((token) => token.type !== "space");
  return tokens.slice(0, Math.max(last, 0)).reduce((length, token) => length + token.raw.length, 0);
}
