/** Keys of the review pages: each element with data-key is pressed by that key. */
import { bindKeys } from "likeness/base/keys";

let busy = false;

function press(element) {
    if (busy) return;
    if (element.dataset.dialog) document.getElementById(element.dataset.dialog).showModal();
    else element.click();
}

/** Bind the keys; while a decision is on its way, keys and further decisions are ignored. */
export function startKeys() {
    const elements = [...document.querySelectorAll("[data-key]")];
    bindKeys(Object.fromEntries(elements.map((element) => [element.dataset.key, () => press(element)])));
    for (const element of document.querySelectorAll("[data-dialog]")) {
        element.addEventListener("click", () => document.getElementById(element.dataset.dialog).showModal());
    }
    document.addEventListener("submit", (event) => {
        if (event.target.method !== "post") return;
        if (busy) event.preventDefault();
        busy = true;
    });
    addEventListener("pageshow", () => { busy = false; }); // also when the browser brings the page back from memory
}
