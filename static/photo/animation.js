/** An animation on the photo page: it moves by itself, or by a button where its reader has asked for less motion. */
import { el, icon } from "likeness/base/dom";

export function startAnimation(root) {
    const link = root.querySelector(".photo-large[data-animated]");
    if (!link) return;
    const image = link.querySelector("img");
    const still = image.src;
    const label = el("span");
    const button = el("button", { type: "button", class: "photo-play", on: { click: () => show(image.src === still) } }, icon("play"), label);
    function show(moving) {
        image.src = moving ? link.href : still;
        button.setAttribute("aria-pressed", String(moving));
        label.textContent = moving ? "Stop" : "Play";
    }
    link.after(button);
    show(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}
