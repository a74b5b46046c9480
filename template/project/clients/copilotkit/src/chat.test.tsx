// `npm test`: the chat asks a real agent, the one at VITE_AGENT_URL or the one that `uv run serve --offline` serves.

import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { agentAt } from "./agent";
import { Chat } from "./chat";
import { asked } from "./page";
import { Tool } from "./tool";

const url = import.meta.env.VITE_AGENT_URL ?? "http://127.0.0.1:8080/invocations";
const patience = { timeout: 20_000 };

class NoLayout {
  observe() {}
  unobserve() {}
  disconnect() {}
}

vi.stubGlobal("ResizeObserver", NoLayout); // jsdom has none
Element.prototype.scrollTo = () => {};

async function ask(question: string) {
  const box = await screen.findByPlaceholderText("Type a message...");
  fireEvent.change(box, { target: { value: question } });
  fireEvent.keyDown(box, { key: "Enter" });
}

test("questions are answered, and the conversation goes on", { timeout: 60_000 }, async () => {
  render(<Chat agent={agentAt(url)} title="An agent" />);
  await ask("Count to 20");
  await screen.findByText(/17 18 19 20/, {}, patience);
  await ask("What was my first question?");
  await waitFor(() => expect(screen.getByText(/You asked me/).textContent).toContain("Count to 20"), patience);
});

test("a tool of the page runs in the page", { timeout: 60_000 }, async () => {
  cleanup();
  render(<Chat agent={agentAt(url)} title="An agent" />);
  await ask("call get_user_time_zone {}");
  await screen.findByText(new RegExp(`timeZone.*${Intl.DateTimeFormat().resolvedOptions().timeZone}`), {}, patience);
});

test("an answer of a form is open, one that was refused is not", () => {
  for (const [result, open] of [
    ["The user has this answer.", true],
    ["Error: The answer does not have the form asked for.", false],
  ] as const) {
    cleanup();
    const { container } = render(<Tool name="give_answer" status="complete" parameters={{ summary: "so" }} result={result} />);
    expect(container.querySelector("details")?.open).toBe(open);
    screen.getByText(/"summary": "so"/);
  }
});

test("only an address of the web is a page to open", () => {
  const interrupt = (url: string) => ({ message: `Allow it: ${url}`, metadata: { authorizationUrl: url } });
  expect(asked(interrupt("https://allow.example/it?a=b"))).toEqual(["Allow it:", "https://allow.example/it?a=b"]);
  for (const url of ["javascript:alert(1)", "https://allow.example@evil.example/", "https://a b/", "//evil.example"])
    expect(asked(interrupt(url))[1]).toBe("");
});

test("an agent that is not there is told", { timeout: 60_000 }, async () => {
  cleanup();
  render(<Chat agent={agentAt("http://127.0.0.1:9/invocations")} title="An agent" />);
  await ask("Hello");
  await screen.findByRole("alert", {}, patience);
});
