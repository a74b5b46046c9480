// The page that a person has to open before a tool can go on.

/** An address that can be read: no user's name, white space or look-alike letter hides where it leads. */
const WEB = /^https?:\/\/[\w.:[\]-]+([/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/;

/** What an interrupt asks of a person, and the page to open for it: its whole address, if it is one of the web. */
export function asked(interrupt: { message?: string; metadata?: Record<string, unknown> }): [string, string] {
  const { message = "The agent asks.", metadata } = interrupt;
  const page = String(metadata?.authorizationUrl ?? "");
  if (!page) return [message, ""];
  if (!WEB.test(page)) return [`${message} (This address is not one of the web: do not open it.)`, ""];
  return [message.endsWith(page) ? message.slice(0, -page.length).trimEnd() : message, page];
}
