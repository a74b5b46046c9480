// What the page is built from.

/** A new element with these properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A button. */
export function button(text, onclick) {
  return element("button", { type: "button", textContent: text, onclick });
}

/** Milliseconds for people; "…" while they are not known. */
export function time(ms) {
  if (ms === null || ms === undefined) return "…";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}

/** Counted tokens, of AG-UI's names or of ours; "" where nothing was counted. */
export function tokens(usage) {
  const count = (name, ours) => usage?.[name] ?? usage?.[ours] ?? 0;
  const read = count("inputTokens", "input_tokens");
  const written = count("outputTokens", "output_tokens");
  if (!read && !written) return "";
  const cached = count("cachedInputTokens", "cached_input_tokens");
  const kept = count("cacheWriteInputTokens", "cache_write_input_tokens");
  const thought = count("reasoningTokens", "reasoning_tokens");
  const read_ = [cached && `${cached} cached`, kept && `${kept} written to the cache`].filter(Boolean).join(", ");
  return `${read} in${read_ && ` (${read_})`}, ${written} out${thought ? ` (${thought} of them thoughts)` : ""}`;
}

/** Any value as indented JSON; JSON in a text is opened. */
export function pretty(value) {
  if (typeof value !== "string") return JSON.stringify(value, null, 2);
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
