/** The search page: the grid of results, or the hits of an example picture. */
import { api } from "likeness/base/api";
import { el } from "likeness/base/dom";
import { forgetPicture, waitingPicture } from "likeness/search/example";
import "likeness/library/page";

const HITS = 60;
const VERDICTS = {
    "identical-pixels": "Identical", "same-picture": "Same picture", edited: "Edited", crop: "Crop", rotated: "Turned or mirrored", "near-shot": "Near shot",
};

function hitElement({ photo, score, verdict }) {
    const name = photo.title || photo.file_name;
    const kind = verdict?.kind ?? verdict;
    const words = verdict?.sentence ?? "";
    return el("li", {}, el("a", { href: `/photos/${photo.id}` },
        el("img", { src: photo.previews["320"] ?? "", alt: name, loading: "lazy" }),
        el("span", { class: "hit-name", text: name }),
        el("span", { class: "hit-score" },
            kind ? el("span", { class: "chip good", text: VERDICTS[kind] ?? kind, title: words }) : null,
            typeof score === "number" ? el("span", { text: `${Math.round(score * 100)} % alike` }) : null)));
}

function head(file, words) {
    const picture = el("img", { src: URL.createObjectURL(file), alt: "Your picture" });
    const title = el("h2", { text: "Photos like your picture" });
    const text = el("p", { text: words });
    const close = el("a", { class: "button", href: location.pathname + location.search.replace(/&?example=\d+/, ""), text: "Search without it", on: { click: () => forgetPicture() } });
    return { element: el("div", { class: "example-head" }, picture, el("div", {}, title, text), close), text };
}

async function searchWithExample(place, query) {
    const file = await waitingPicture();
    if (!file) return;
    place.hidden = false;
    document.querySelector(".text-results").hidden = true;
    const { element, text } = head(file, "Looking…");
    const list = el("ul", { class: "example-hits" });
    const notes = el("div", {});
    place.replaceChildren(element, notes, list);
    const body = new FormData();
    body.set("q", query);
    body.set("limit", HITS);
    body.set("file", file, file.name);
    try {
        const { items, warnings } = await api("POST", "search/image", body);
        text.textContent = items.length ? "Best first. Your picture was looked at and not kept." : "Nothing in your library is like it.";
        notes.replaceChildren(...warnings.map((warning) => el("p", { class: "notice warn", text: warning.message })));
        list.replaceChildren(...items.map(hitElement));
    } catch (error) {
        text.textContent = "";
        notes.replaceChildren(el("p", { class: "notice danger", role: "alert", text: error.message }));
    }
}

const address = new URLSearchParams(location.search);
if (address.has("example")) searchWithExample(document.querySelector(".example-here"), address.get("q") ?? "");
