// The page: the conversations, the question, where the agent is, and what a screen reader is told.

import { Attachments } from "./attachments.js";
import { Conversation } from "./conversation.js";
import { element } from "./dom.js";
import { List } from "./list.js";
import { load, remove, save, watch } from "./store.js";
import { answer } from "./turn.js";

const by = (id) => document.getElementById(id);
const [main, welcome, suggestions, side, question] = ["main", "welcome", "suggestions", "side", "question"].map(by);
const signer = document.querySelector("meta[name=signer]").content;
const files = new Attachments(by("files"), say);
const list = new List(by("list"), by("naming"), { open, renamed, deleted });
let current;
let followed = true; // the end of the answer, unless the reader has scrolled up
let scrolled = 0;
let kept = JSON.parse(sessionStorage.getItem("place") ?? "{}");

const place = () => ({ signer, ...kept });
const fresh = () => list.all.find(({ turns }) => !turns.length) ?? list.add(new Conversation(undefined, changed));

function open(conversation) {
  current = conversation;
  history.replaceState(null, "", `#${conversation.id}`); // a reload comes back to it
  main.replaceChildren(conversation.element);
  growth.disconnect();
  growth.observe(conversation.element);
  followed = true;
  showList(false);
  refresh();
  follow();
  question.focus();
  if (conversation.isKnown || conversation.turns.length) conversation.synchronise(place());
}

/** The conversation that the page's address names; one that this browser does not know, the agent may. */
function linked() {
  const id = location.hash.slice(1);
  const kept = list.all.find((conversation) => conversation.id === id);
  return kept ?? (/^[\w-]{33,100}$/.test(id) ? list.add(new Conversation({ id }, changed)) : fresh());
}

function renamed(conversation) {
  save(conversation);
  refresh();
}

function deleted(conversation) {
  conversation.stop(place());
  conversation.changed = () => remove(conversation.id);
  remove(conversation.id);
  list.remove(conversation);
  open(conversation === current ? fresh() : current);
}

/** A turn of a conversation has begun, waits, or has ended. */
function changed(conversation) {
  refresh();
  if (conversation !== current) return;
  const turn = conversation.turns.at(-1);
  if (conversation.running) say("Answering.");
  else if (conversation.waiting) say(turn.asks.map(({ message }) => message).join(" "));
  else if (turn?.ended) say(turn.error?.message ?? answer(turn));
  follow();
}

function refresh() {
  list.update(current);
  by("stop").hidden = !current.running && !current.waiting;
  by("send").hidden = current.running || current.waiting;
  by("keys").hidden = current.running || current.waiting;
  by("busy").hidden = !current.running && !current.waiting;
  by("busy").textContent = current.waiting
    ? "The agent waits for your answer above. Esc cancels it."
    : "The answer goes on. Esc stops it.";
  if (current.turns.length) welcome.remove();
  else main.prepend(welcome);
}

function say(text) {
  by("status").textContent = text;
}

function send(text = question.value.trim()) {
  if (current.running || current.waiting) return say(by("busy").textContent);
  if (!text) return;
  question.value = "";
  followed = true;
  current.ask(place(), text, files.take());
}

function showList(shown) {
  side.classList.toggle("shown", shown);
  by("backdrop").hidden = !shown;
  by("menu").ariaExpanded = String(shown);
}

function showPlace() {
  by("place").hidden = !kept.arn && !signer;
  by("place").textContent = kept.arn ? kept.arn.split("/").at(-1) : "deployed";
}

/** What the agent beside this page says of itself; another server says nothing. */
async function introduce() {
  const response = await fetch("about").catch(() => null);
  const about = (response?.ok && (await response.json().catch(() => null))) || {};
  by("offline").hidden = !about.offline;
  by("inspector").hidden = !about.routes?.["GET /inspector"];
  by("attach").hidden = !about.reads?.length && !signer;
  by("file").accept = about.reads?.join(",") ?? "";
  const questions = about.examples?.length ? about.examples : ["What can you do?"];
  suggestions.replaceChildren(...questions.map(suggestion));
}

const suggestion = (text) => element("button", { type: "button", textContent: text, onclick: () => send(text) });

function follow() {
  if (followed) main.scrollTop = main.scrollHeight;
}

const growth = new ResizeObserver(() => (current.running || current.waiting) && follow());
main.onscroll = () => {
  const atEnd = main.scrollTop + main.clientHeight > main.scrollHeight - 40;
  followed = atEnd || (followed && main.scrollTop >= scrolled);
  scrolled = main.scrollTop;
};
main.addEventListener("again", ({ detail: { turn, question: edited } }) => {
  if (current.running || current.waiting) return say(by("busy").textContent);
  followed = true;
  current.askAgain(place(), turn, edited);
});
main.addEventListener("answer", ({ detail: entry }) => current.answer(place(), entry));

by("ask").onsubmit = (event) => {
  event.preventDefault();
  send();
};
question.onkeydown = (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "ArrowUp" && !question.value && current.turns.length) {
    event.preventDefault();
    question.value = current.turns.at(-1).question;
  }
};
document.onkeydown = (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (side.classList.contains("shown")) showList(false);
  else current.stop(place());
};
by("stop").onclick = () => {
  current.stop(place());
  question.focus();
};
by("new").onclick = () => open(fresh());
by("menu").onclick = () => showList(!side.classList.contains("shown"));
by("backdrop").onclick = () => showList(false);

by("attach").onclick = () => by("file").click();
by("file").onchange = async () => {
  await files.add(by("file").files);
  by("file").value = "";
};
question.onpaste = (event) => {
  if (!event.clipboardData.files.length || by("attach").hidden) return;
  event.preventDefault();
  files.add(event.clipboardData.files);
};
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault(); // else the browser would leave the page for the file
  if (by("attach").hidden) say("This agent reads text only.");
  else files.add(event.dataTransfer.files);
};

by("settings").onclick = () => {
  by("where").returnValue = "";
  by("arn").value = kept.arn ?? "";
  by("token").value = kept.token ?? "";
  by("where").showModal();
};
by("where").onclose = () => {
  if (by("where").returnValue !== "save") return;
  kept = { arn: by("arn").value.trim(), token: by("token").value.trim() };
  sessionStorage.setItem("place", JSON.stringify(kept));
  showPlace();
};
window.onpagehide = () => list.all.filter(({ running }) => running).forEach(save);

for (const data of load()) list.add(new Conversation(data, changed));
watch(() => {
  const known = new Set(list.all.map(({ id }) => id));
  for (const data of load()) if (!known.has(data.id)) list.add(new Conversation(data, changed));
  refresh();
  if (current.turns.length && !current.running) current.synchronise(place());
});
open(linked());
showPlace();
introduce();
