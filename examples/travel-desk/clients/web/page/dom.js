// What the page is built from.

/** A new element with these properties and children. */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** A button that copies what `text()` gives; none where the browser has no clipboard: it wants HTTPS or this machine. */
export function copyButton(text, label = "Copy") {
  if (!navigator.clipboard) return "";
  const button = element("button", { type: "button", className: "copy", textContent: "Copy", ariaLabel: label });
  button.onclick = async () => {
    await navigator.clipboard.writeText(text());
    button.textContent = button.ariaLabel = "Copied";
  };
  return button;
}
