// What the agent asks of who sits at the terminal: to allow something on a page, to approve a tool call, to answer.

import { createInterface } from "node:readline/promises";
import type { Interrupt, ResumeEntry } from "@ag-ui/client";
import { asked } from "./page.js";

/** The answers to all of these, as AG-UI's `resume` has them; what is left unanswered (Ctrl-D) is cancelled. */
export async function answers(interrupts: Interrupt[]): Promise<ResumeEntry[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  terminal.on("close", () => closed.abort());
  const ask = (label: string) => terminal.question(`${label}: `, { signal: closed.signal });
  const entries: ResumeEntry[] = [];
  for (const interrupt of interrupts) entries.push(await answer(interrupt, ask));
  terminal.close();
  return entries;
}

async function answer(interrupt: Interrupt, ask: (label: string) => Promise<string>): Promise<ResumeEntry> {
  const { id: interruptId, responseSchema = {} } = interrupt;
  tell(interrupt);
  try {
    const payload = await (responseSchema.properties?.approved ? approval(ask) : values(responseSchema.properties, ask));
    return { interruptId, status: "resolved", payload };
  } catch {
    return { interruptId, status: "cancelled" };
  }
}

/** What is asked; the page to open for it on a line of its own, which terminals make a link. */
export function tell(interrupt: Interrupt): void {
  const [message, page] = asked(interrupt);
  console.error(printable(`? ${message}${page && `\n  ${page}`}`));
}

async function approval(ask: (label: string) => Promise<string>) {
  for (;;) {
    const said = (await ask("  [y]es, [n]o")).trim().toLowerCase();
    if (["y", "yes", "n", "no"].includes(said)) return { approved: said.startsWith("y") };
  }
}

async function values(properties: Record<string, { type?: string }> = {}, ask: (label: string) => Promise<string>) {
  const given: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(properties)) given[name] = read(schema, await ask(`  ${printable(name)}`));
  return given;
}

/** What was typed, as the type that the schema asks for; the agent tells what does not fit. */
function read({ type = "string" }: { type?: string }, text: string): unknown {
  try {
    return type === "string" ? text : JSON.parse(text);
  } catch {
    return text;
  }
}

/** The text without what would move the cursor. */
const printable = (text: string) => text.replace(/[^\P{Cc}\n\t]/gu, "");
