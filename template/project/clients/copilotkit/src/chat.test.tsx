// `npm test`: the chat asks a real agent, the one at VITE_AGENT_URL or the one that `uv run serve --offline` serves.

import { HttpAgent } from "@copilotkit/react-core/v2";
import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Chat } from "./chat";

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
  render(<Chat agent={new HttpAgent({ url })} title="An agent" />);
  await ask("Count to 20");
  await screen.findByText(/17 18 19 20/, {}, patience);
  await ask("What was my first question?");
  await waitFor(() => expect(screen.getByText(/You asked me/).textContent).toContain("Count to 20"), patience);
});
