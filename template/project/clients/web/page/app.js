// The page: the list of conversations, the question, where the agent is, and what a screen reader is told.

import { Conversation, load, save } from "./conversation.js";
import { element } from "./dom.js";
import { answer } from "./turn.js";

const by = (id) => document.getElementById(id);
const [main, welcome, list, side, question] = ["main", "welcome", "list", "side", "question"].map(by);
const entries = new Map(); // from a conversation to its button in the list
let current;
let followed = true; // the end of the answer, unless the reader has scrolled up
let scrolled = 0;
const signer = document.querySelector("meta[name=signer]").content;
let place = JSON.parse(sessionStorage.getItem("place") ?? "{}");

function add(conversation) {
  const button = element("button", { type: "button", onclick: () => open(conversation) });
  list.prepend(element("li", {}, button));
  entries.set(conversation, button);
  return conversation;
}

const fresh = () => [...entries.keys()].find(({ turns }) => !turns.length) ?? add(new Conversation());

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
}

function refresh() {
  for (const [conversation, button] of entries) {
    button.textContent = conversation.title;
    button.classList.toggle("running", conversation.running);
    button.ariaCurrent = conversation === current ? "true" : null;
  }
  by("stop").hidden = !current.running;
  by("send").hidden = current.running;
  if (!current.turns.length) main.prepend(welcome);
  else welcome.remove();
}

async function ask(text) {
  const conversation = current;
  const asked = conversation.ask(text, { signer, ...place });
  followed = true;
  refresh();
  say("Answering.");
  const turn = await asked;
  save([...entries.keys()]);
  refresh();
  if (conversation !== current) return;
  follow();
  say(turn.error?.message ?? answer(turn));
}

function say(text) {
  by("status").textContent = text;
}

function send() {
  const text = question.value.trim();
  if (!text || current.running) return;
  question.value = "";
  ask(text);
}

function showList(shown) {
  side.classList.toggle("shown", shown);
  by("menu").ariaExpanded = String(shown);
}

function showPlace() {
  by("place").hidden = !place.arn && !signer;
  by("place").textContent = place.arn ? place.arn.split("/").at(-1) : "deployed";
}

function follow() {
  if (followed) main.scrollTop = main.scrollHeight;
}

const growth = new ResizeObserver(() => current.running && follow());
main.onscroll = () => {
  const atEnd = main.scrollTop + main.clientHeight > main.scrollHeight - 40;
  followed = atEnd || (followed && main.scrollTop >= scrolled);
  scrolled = main.scrollTop;
};
main.addEventListener("retry", ({ detail: turn }) => {
  if (current.running) return;
  current.remove(turn);
  ask(turn.question);
});

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
  if (event.key !== "Escape" || by("where").open) return;
  if (side.classList.contains("shown")) showList(false);
  else current.stop();
};
by("stop").onclick = () => {
  current.stop();
  question.focus();
};
by("suggestion").onclick = ({ target }) => ask(target.textContent);
by("new").onclick = () => open(fresh());
by("menu").onclick = () => showList(!side.classList.contains("shown"));

by("settings").onclick = () => {
  by("where").returnValue = "";
  by("arn").value = place.arn ?? "";
  by("token").value = place.token ?? "";
  by("where").showModal();
};
by("where").onclose = () => {
  if (by("where").returnValue !== "save") return;
  place = { arn: by("arn").value.trim(), token: by("token").value.trim() };
  sessionStorage.setItem("place", JSON.stringify(place));
  showPlace();
};
window.onbeforeunload = () => entries.forEach((_, conversation) => conversation.stop()); // else it would seem lost
window.onpagehide = () => save([...entries.keys()]);

for (const conversation of load()) add(conversation);
open([...entries.keys()].find(({ id }) => location.hash === `#${id}`) ?? fresh());
showPlace();
