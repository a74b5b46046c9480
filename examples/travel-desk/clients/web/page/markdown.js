// Markdown to safe DOM nodes. Answers and tool results are other people's text: nothing in them may run, load anything,
// or pose as the page.

import { copyButton, element } from "./dom.js";
import highlighter from "./vendor/highlight.min.js";
import MarkdownIt from "./vendor/markdown-it.esm.min.mjs";
import DOMPurify from "./vendor/purify.es.mjs";

const BOXES = { " ": "☐ ", x: "☑ ", X: "☑ " };
const LONGEST_HIGHLIGHTED = 30_000; // characters: what is longer is data rather than code to read

const DEEPEST = 50; // levels of quotes and lists; the parser would drop what is below its own limit of a hundred

// HTML is shown, not obeyed (`html` is off).
const markdown = new MarkdownIt({ linkify: true, highlight });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false }); // else `agent.py` is a link to Paraguay
markdown.validateLink = (url) => /^(?:https?|mailto):/i.test(url.trim());
markdown.core.ruler.after("inline", "tasks", ({ tokens }) => tokens.forEach(asTask));
markdown.core.ruler.after("inline", "alignments", ({ tokens }) => tokens.forEach(align));

Object.assign(markdown.renderer.rules, {
  heading_open: (tokens, index) => `<${level(tokens[index])}>`,
  heading_close: (tokens, index) => `</${level(tokens[index])}>`,
  image: imageLink, // an image would tell its server what the answer says
});

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."p br hr h3 h4 h5 h6 strong em s code pre span blockquote ul ol li a".split(" "),
    ..."table thead tbody tr th td".split(" "),
  ],
  ALLOWED_ATTR: ["href", "start", "align", "class"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ADD_URI_SAFE_ATTR: ["start", "align"], // the pattern of addresses is asked of every other attribute too
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
  node.title = node.href;
});

/** The nodes of a piece of markdown: its blocks, each in the direction of its own text. Throws for what is too deep. */
export function render(text) {
  const blocks = DOMPurify.sanitize(html(text), ALLOWED);
  for (const pre of blocks.querySelectorAll("pre")) frameCode(pre);
  for (const table of blocks.querySelectorAll("table")) frameTable(table);
  for (const block of blocks.children) block.dir ||= "auto";
  return [...blocks.childNodes];
}

function html(text) {
  const tokens = markdown.parse(text, {});
  if (tokens.some(({ level }) => level > DEEPEST)) throw new RangeError(`more than ${DEEPEST} levels`);
  return markdown.renderer.render(tokens, markdown.options, {});
}

/** Where the last block of a text begins: what is before it, more text can't change. */
export function startOfLastBlock(text) {
  const tokens = [];
  markdown.block.parse(text, markdown, {}, tokens);
  return offset(text, tokens.findLast(({ level, map }) => level === 0 && map)?.map[0] ?? 0);
}

function offset(text, line) {
  let at = 0;
  for (; line > 0; line--) at = text.indexOf("\n", at) + 1;
  return at;
}

const level = ({ tag }) => `h${Math.min(Number(tag[1]) + 2, 6)}`; // the page's own headings are 1 and 2

/** `- [x] done` with a box in place of the letters. */
function asTask({ type, children }, index, tokens) {
  const text = type === "inline" && tokens[index - 2]?.type === "list_item_open" ? children[0] : null;
  const marked = /^\[([ xX])\]\s/.exec(text?.content ?? "");
  if (!marked) return;
  tokens[index - 2].attrJoin("class", "task");
  text.content = BOXES[marked[1]] + text.content.slice(marked[0].length);
}

/** A column's alignment as an attribute: the page's policy allows no styles in the text. */
function align(token) {
  const alignment = token.attrGet("style")?.replace("text-align:", "");
  if (alignment) token.attrs = [["align", alignment]];
}

function imageLink(tokens, index) {
  const token = tokens[index];
  const address = markdown.utils.escapeHtml(token.attrGet("src"));
  return `<a href="${address}">${markdown.utils.escapeHtml(token.content) || address}</a>`;
}

/** Code as HTML, coloured if its language is known; empty (nothing to add to the text) if not. */
function highlight(code, language) {
  if (code.length > LONGEST_HIGHLIGHTED || !highlighter.getLanguage(language)) return "";
  return highlighter.highlight(code, { language }).value;
}

/** Code reads from the left, is scrolled with the keyboard too, and can be copied. */
function frameCode(pre) {
  const language = /language-(\S+)/.exec(pre.firstElementChild?.className)?.[1] ?? "";
  const frame = element("div", { className: "code", dir: "ltr" });
  pre.replaceWith(frame);
  pre.tabIndex = 0;
  frame.append(element("div", { className: "bar" }, language, copyButton(() => pre.textContent, "Copy code")), pre);
}

/** A wide table is scrolled within its frame. */
function frameTable(table) {
  const frame = element("div", { className: "wide", tabIndex: 0 });
  table.replaceWith(frame);
  frame.append(table);
}
