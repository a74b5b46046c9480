// What this browser keeps of the conversations, for all of its tabs: one entry for each.

const PREFIX = "conversation ";

/** The conversations, the one that was used last in the end. What cannot be read is left out. */
export function load() {
  return keys()
    .map((key) => read(key))
    .filter((kept) => kept?.id && Array.isArray(kept.turns))
    .sort((one, other) => one.at - other.at);
}

/** Keep one; when the browser's space is used up, the oldest are given up. */
export function save(conversation) {
  const json = JSON.stringify({ ...conversation.toJSON(), at: Date.now() });
  for (const old of [...load(), null]) {
    try {
      return localStorage.setItem(PREFIX + conversation.id, json);
    } catch (error) {
      if (error.name !== "QuotaExceededError" || !old) return console.warn("The conversation is not kept:", error);
      remove(old.id);
    }
  }
}

/** Forget one. */
export function remove(id) {
  localStorage.removeItem(PREFIX + id);
}

/** Call `changed` when another tab has kept or removed a conversation. */
export function watch(changed) {
  window.addEventListener("storage", ({ key }) => (key === null || key.startsWith(PREFIX)) && changed());
}

const keys = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch (error) {
    console.warn("What was kept cannot be read:", error);
    return null;
  }
}
