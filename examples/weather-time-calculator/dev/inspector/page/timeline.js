// A run's steps as bars on one scale, each of which opens.

import { element, pretty, time, tokens } from "./dom.js";

/** The timeline of a run as `GET runs/NUMBER` tells it. `now` is its length in milliseconds so far. */
export function timeline(run, now) {
  const end = Math.max(now, 1, ...run.steps.filter((step) => step.name !== "an answer").map((step) => step.ended ?? 0));
  return element("ol", { className: "timeline" }, ...run.steps.map((step, index) => row(step, index, end)));
}

function row(step, index, end) {
  const opened = element("details", {}, summary(step, end), ...parts(step));
  opened.dataset.key = `step ${index}`;
  return element("li", { className: `${step.kind}${hasFailed(step) ? " failed" : ""}` }, opened);
}

function summary(step, end) {
  const bar = element("span", { className: "bar" }, element("span"));
  const from = Math.min(step.began, end);
  bar.firstChild.style.left = `${(100 * from) / end}%`;
  bar.firstChild.style.width = `${(100 * (Math.min(step.ended ?? end, end) - from)) / end}%`;
  for (const retry of step.tries?.slice(1) ?? []) bar.append(mark(retry.began / end));
  return element(
    "summary",
    {},
    element("span", { className: "name", textContent: title(step) }),
    bar,
    element("span", { className: "facts", textContent: facts(step) }),
  );
}

function mark(place) {
  const made = element("i");
  made.style.left = `${100 * place}%`;
  return made;
}

function title(step) {
  if (step.kind === "wait") return step.name === "an answer" ? "Wait for an answer" : "Wait to try again";
  return step.kind !== "model" ? step.name : step.name.replace("model", "Model");
}

function facts(step) {
  const lasted = step.ended === null ? "…" : time(step.ended - step.began);
  const first = step.firstMs != null ? `first token ${time(step.firstMs)}` : "";
  const tries = step.tries?.length > 1 ? `${step.tries.length} tries` : "";
  const failure = step.code || (hasFailed(step) ? "failed" : "");
  return [lasted, first, tokens(step.usage), tries, failure].filter(Boolean).join(" · ");
}

function hasFailed(step) {
  return Boolean(step.code) || Boolean(step.result?.startsWith("Error:"));
}

function parts(step) {
  if (step.kind === "wait") {
    return [element("p", { textContent: `From ${time(step.began)} to ${time(step.ended)} of the run.` })];
  }
  if (step.kind === "span") {
    const error = step.code ? [element("p", { className: "error", textContent: step.message || "It failed." })] : [];
    const events = step.events.length ? [block("Events", step.events)] : [];
    return [...error, block("Attributes", step.attributes, true), ...events];
  }
  if (step.kind === "tool") return [block("Arguments", step.arguments, true), block("Result", step.result ?? "none yet", true)];
  const events = step.response.map(({ ms, event }) => `${ms} ms  ${JSON.stringify(event)}`).join("\n");
  const left = step.leftOut ? `\n${step.leftOut} more were not kept: the run is too large.` : "";
  return [
    ...failures(step),
    block("Request", step.request || "not kept: the run is too large"),
    block("Response", step.answer.length ? step.answer : "none", true),
    block(`Events of the response (${step.response.length + step.leftOut})`, events + left),
  ];
}

function failures(step) {
  return step.tries
    .filter((each) => each.code)
    .map((each) => element("p", { className: "error", textContent: `${time(each.began)}: ${each.code}. ${each.message}` }));
}

/** A part that opens, with its own way to copy it. */
export function block(name, value, open = false) {
  const text = pretty(value);
  const made = element(
    "details",
    { open },
    element("summary", { textContent: name }),
    element("pre", { tabIndex: 0, textContent: text, ariaLabel: name, role: "region" }),
  );
  made.dataset.key = name;
  return made;
}
