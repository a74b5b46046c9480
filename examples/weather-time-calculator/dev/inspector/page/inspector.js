// The runs of the agent from the inside: a list that follows what happens, and one run opened.

import { button, element, time, tokens } from "./dom.js";
import { block, timeline } from "./timeline.js";

const EVERY_MS = 700;
const list = document.querySelector("#runs");
const main = document.querySelector("#run");
const status = document.querySelector("#status");

let runs = [];
let shown = Number(location.hash.slice(1)) || null;
let drawnList = "";
let drawnRun = "";

async function refresh() {
  try {
    runs = await get("runs");
    if (status.dataset.lost) say("");
    drawList();
    await drawRun();
  } catch (error) {
    if (error instanceof TypeError) {
      say("The server does not answer. Trying again…");
      status.dataset.lost = "yes";
    } else {
      throw error;
    }
  }
}

async function get(path) {
  const response = await fetch(path, { cache: "no-store" });
  return response.ok ? response.json() : null;
}

function say(text) {
  status.textContent = text;
  delete status.dataset.lost;
}

function open(number) {
  shown = number;
  history.replaceState(null, "", `#${number}`);
  drawnRun = "";
  drawList();
  drawRun().then(() => main.focus());
}

function drawList() {
  if (!runs.some((run) => run.number === shown)) shown = runs[0]?.number ?? null;
  const lines = JSON.stringify([runs, shown]);
  if (lines === drawnList) return;
  drawnList = lines;
  const focused = document.activeElement?.dataset?.number;
  list.replaceChildren(...runs.map(line));
  list.querySelector(`[data-number="${focused}"]`)?.focus();
  document.querySelector("#none").hidden = runs.length > 0;
}

function line(run) {
  const made = element(
    "button",
    { type: "button", onclick: () => open(run.number) },
    element("span", { className: "question", dir: "auto", textContent: run.question || "(no question)" }),
    element("span", { className: "facts", textContent: `${outcome(run)} · ${time(run.durationMs)} · ${at(run)}` }),
  );
  made.dataset.number = run.number;
  made.dataset.outcome = outcome(run);
  if (run.number === shown) made.ariaCurrent = "true";
  return element("li", {}, made);
}

function outcome(run) {
  return run.outcome || "running";
}

function at(run) {
  return new Date(1000 * run.at).toLocaleTimeString();
}

async function drawRun() {
  const summary = runs.find((run) => run.number === shown);
  if (!summary) return main.replaceChildren();
  const changed = JSON.stringify(summary);
  const waits = summary.outcome === "paused" || !summary.outcome;
  if (changed === drawnRun && !waits) return;
  const run = await get(`runs/${shown}`);
  if (!run || run.number !== shown) return;
  const known = JSON.stringify(run);
  if (known === main.dataset.known) return;
  main.dataset.known = known;
  drawnRun = changed;
  redraw(run);
}

/** Draw the run, and leave open what was, and the scrolled where it was. */
function redraw(run) {
  const same = main.dataset.number === String(run.number);
  const opened = same ? new Map([...main.querySelectorAll("details")].map((each) => [path(each), each.open])) : new Map();
  const focused = same && main.contains(document.activeElement) ? keyOf(document.activeElement) : null;
  const top = same ? main.scrollTop : 0;
  main.dataset.number = run.number;
  main.replaceChildren(...view(run));
  for (const each of main.querySelectorAll("details")) each.open = opened.get(path(each)) ?? each.open;
  if (focused) [...main.querySelectorAll("button, summary")].find((each) => keyOf(each) === focused)?.focus();
  main.scrollTop = top;
}

function path(details) {
  const outer = details.parentElement.closest("details");
  return `${outer ? path(outer) : ""}/${details.dataset.key.replace(/ \(.*/, "")}`;
}

function keyOf(control) {
  return control.tagName === "SUMMARY" ? path(control.parentElement) : control.textContent;
}

function view(run) {
  const events = run.events.map(({ ms, number, event }) => `${number}  ${ms} ms  ${JSON.stringify(event)}`).join("\n");
  const left = run.leftOut ? `\n${run.leftOut} more were not kept: the run is too large.` : "";
  const now = run.durationMs ?? 1000 * (Date.now() / 1000 - run.at);
  return [
    element("h2", { dir: "auto", textContent: run.question || "(no question)" }),
    element("div", { className: "buttons" }, again(run), copy(run)),
    facts(run),
    ...(run.message ? [element("p", { className: "error", textContent: `${run.code}: ${run.message}` })] : []),
    element("h3", { textContent: "Timeline" }),
    timeline(run, now),
    element("h3", { textContent: "Raw" }),
    block(`Events of the run (${run.events.length + run.leftOut})`, events + left),
    block("Input that asks the same again", run.input ?? "none"),
  ];
}

function facts(run) {
  const pairs = {
    Outcome: outcome(run),
    Duration: time(run.durationMs),
    "First text": run.firstTextMs == null ? "none" : time(run.firstTextMs),
    Tokens: tokens(run.usage) || "not counted",
    "Model calls": run.modelCalls,
    "Tool calls": run.toolCalls,
    Session: run.session,
    Run: run.runId,
  };
  const made = Object.entries(pairs).map(([name, value]) =>
    element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value })),
  );
  return element("dl", {}, ...made);
}

function copy(run) {
  return button("Copy as JSON", async (event) => {
    await navigator.clipboard.writeText(JSON.stringify(run, null, 2));
    event.target.textContent = "Copied";
  });
}

/** Asks the same, after the same history, in a new session; the run shows up in the list. */
function again(run) {
  const made = button("Ask again", async () => {
    const runId = crypto.randomUUID();
    const threadId = crypto.randomUUID();
    const body = JSON.stringify({ ...run.input, runId, threadId });
    const response = await fetch("/invocations", { method: "POST", headers: { "content-type": "application/json" }, body });
    if (!response.ok) return say(`It was refused: ${(await response.json()).message}`);
    await response.body.cancel(); // it runs in the background, and is shown from there
    runs = await get("runs");
    const found = runs.find((each) => each.runId === runId);
    if (found) open(found.number);
  });
  made.disabled = !run.input;
  return made;
}

addEventListener("hashchange", () => open(Number(location.hash.slice(1))));

while (true) {
  if (!document.hidden) await refresh();
  await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
}
