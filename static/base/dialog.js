/** Questions in a modal dialog: confirm something, ask for one line of text. */
import { el } from "likeness/base/dom";

function open(title, content, { action, danger }) {
    const heading = `dialog-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    const form = el("form", { method: "dialog" },
        el("h2", { id: heading, text: title }),
        ...content,
        el("div", { class: "dialog-actions" },
            el("button", { type: "button", text: "Cancel", on: { click: () => dialog.close("") } }),
            el("button", { type: "submit", value: "yes", class: `primary ${danger ? "danger" : ""}`, text: action })));
    const dialog = el("dialog", { "aria-labelledby": heading }, el("article", {}, form));
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            resolve(dialog.returnValue === "yes");
            dialog.remove();
        });
    });
}

/** True when the person agreed. */
export function confirmDialog({ title, text, action = "OK", danger = false }) {
    return open(title, [el("p", { text })], { action, danger });
}

/** The text that was entered, or null when cancelled. `suggestions` fill a list below the field. */
export async function askText({ title, label, value = "", action = "Save", suggestions = [] }) {
    const list = el("datalist", { id: "dialog-suggestions" }, ...suggestions.map((name) => el("option", { value: name })));
    const input = el("input", { type: "text", value, required: true, autofocus: true, list: "dialog-suggestions", autocomplete: "off" });
    const agreed = await open(title, [el("label", {}, label, input), list], { action });
    return agreed ? input.value.trim() : null;
}
