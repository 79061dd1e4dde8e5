/** Single-key shortcuts that stay silent while a person types, and can be switched off (WCAG 2.1.4). */

function typing(target) {
    return target instanceof HTMLElement && target.closest('input:not([type="checkbox"], [type="radio"], [type="range"]), textarea, select, [contenteditable]') !== null;
}

/** The name of a key press as bindings write it: "j", "Shift+Enter", "Control+a", "Delete". */
export function keyName(event) {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? "Shift+" : "";
    return `${event.ctrlKey || event.metaKey ? "Control+" : ""}${event.altKey ? "Alt+" : ""}${shift}${key}`;
}

/** Call `bindings[keyName](event)` on key presses inside `scope`. Returns a function that unbinds. */
export function bindKeys(bindings, { scope = document } = {}) {
    const listener = (event) => {
        const run = bindings[keyName(event)];
        if (!run || event.defaultPrevented || typing(event.target)) return;
        if (event.key.length === 1 && !event.ctrlKey && document.body.dataset.singleKeys === "off") return;
        event.preventDefault();
        run(event);
    };
    scope.addEventListener("keydown", listener);
    return () => scope.removeEventListener("keydown", listener);
}
