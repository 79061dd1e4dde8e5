/** Short notices at the foot of the page, with an action such as Undo. */
import { el, icon } from "likeness/base/dom";

const SECONDS = 6;
const SECONDS_WITH_ACTION = 12; // long enough to read, decide and reach the button

/** Show `text`; `action` is {label, run}. Returns a function that takes the notice away. */
export function toast(text, { kind = "", action = null, seconds = action ? SECONDS_WITH_ACTION : SECONDS } = {}) {
    const box = el("div", { class: `toast ${kind}` }, el("span", { text }));
    const remove = () => box.remove();
    if (action) {
        box.append(el("button", { type: "button", text: action.label, on: { click: () => { remove(); action.run(); } } }));
    }
    box.append(el("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: remove } }, icon("x")));
    document.getElementById("toasts").append(box);
    let timer = setTimeout(remove, seconds * 1000);
    box.addEventListener("pointerenter", () => clearTimeout(timer));
    box.addEventListener("focusin", () => clearTimeout(timer));
    box.addEventListener("pointerleave", () => { timer = setTimeout(remove, seconds * 1000); });
    return remove;
}

/** Show an error's sentence. */
export function toastError(error) {
    return toast(error.message, { kind: "danger" });
}
