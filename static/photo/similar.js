/** The strip of similar photos: by look, tags, colour or structure (GET photos/{id}/similar). */
import { api } from "likeness/base/api";
import { el } from "likeness/base/dom";

const SHOWN = 12;

function tile({ photo, reason }) {
    const name = photo.title || photo.file_name;
    const image = el("img", { src: photo.previews["320"], alt: name, loading: "lazy", class: "thumb" });
    return el("li", {}, el("a", { href: `/photos/${photo.id}`, title: reason ? `${name}: ${reason}` : name }, image));
}

async function fill(strip, id, by) {
    strip.setAttribute("aria-busy", "true");
    try {
        const { items, note } = await api("GET", `photos/${id}/similar?by=${by}&limit=${SHOWN}`);
        const list = el("ul", { class: "similar-list" }, ...items.map(tile));
        const text = note || (items.length ? "" : "Nothing similar was found.");
        strip.replaceChildren(...(text ? [el("p", { class: "soft", text })] : []), list);
    } catch (error) {
        strip.replaceChildren(el("p", { class: "soft", text: error.message }));
    }
    strip.removeAttribute("aria-busy");
}

/** Fill the strip below `root` when it comes into view, and again when another way is chosen. */
export function startSimilar(root) {
    const card = root.querySelector(".similar");
    if (!card) return;
    const strip = card.querySelector(".similar-strip");
    const load = (by) => fill(strip, card.dataset.photo, by);
    new IntersectionObserver((entries, observer) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        load("look");
    }).observe(card);
    card.addEventListener("click", (event) => {
        const button = event.target.closest("[data-by]");
        if (!button) return;
        for (const each of card.querySelectorAll("[data-by]")) each.setAttribute("aria-pressed", String(each === button));
        load(button.dataset.by);
    });
}
