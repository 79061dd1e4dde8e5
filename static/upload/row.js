/** One file of the upload as a row of the list. */
import { bytesInWords, el, icon } from "likeness/base/dom";

const THUMB_LIMIT = 30_000_000; // bytes; larger files are not decoded just for a thumbnail
const THUMB_TYPES = /^image\/(jpeg|png|gif|webp|avif)$/;

const WORDS = {
    waiting: (item) => item.message || "Waiting",
    hashing: () => "Reading…",
    sending: (item) => `Sending, ${Math.round(item.share * 100)} % of ${bytesInWords(item.file.size)}`,
    paused: (item) => `Paused at ${Math.round(item.share * 100)} % of ${bytesInWords(item.file.size)}`,
    known: () => "Already in your library, not sent again.",
    "in-trash": () => "The same file lies in the trash.",
    followed: () => "Stored. Being looked at…",
    done: () => "In your library.",
    near: () => "In your library. It looks like a photo that you have.",
    discarded: () => "Moved to the trash.",
    cancelled: (item) => item.message || "Cancelled.",
    refused: (item) => `Not taken: ${item.message}`,
    failed: (item) => item.message,
};

function thumbnail(file) {
    if (!THUMB_TYPES.test(file.type) || file.size > THUMB_LIMIT) return el("span", { class: "upload-thumb" });
    const url = URL.createObjectURL(file);
    return el("img", { class: "upload-thumb", alt: "", loading: "lazy", decoding: "async", src: url, on: { load: () => URL.revokeObjectURL(url) } });
}

function action(label, run, extra = {}) {
    return el("button", { type: "button", class: "small", text: label, on: { click: run }, ...extra });
}

function iconButton(label, name, glyph, run) {
    return el("button", { type: "button", class: "quiet icon-button small", "aria-label": `${label} ${name}`, title: label, on: { click: run } }, icon(glyph));
}

function link(id, label = "Open") {
    return el("a", { class: "button small", href: `/photos/${id}`, text: label });
}

function buttons(item, queue) {
    const name = item.file.name;
    switch (item.state) {
        case "sending":
            return [iconButton("Pause", name, "pause", () => queue.pause(item)), iconButton("Cancel", name, "x", () => queue.cancel(item))];
        case "paused":
            return [iconButton("Resume", name, "play", () => queue.resume(item)), iconButton("Cancel", name, "x", () => queue.cancel(item))];
        case "waiting": case "hashing":
            return [iconButton("Cancel", name, "x", () => queue.cancel(item))];
        case "failed": case "cancelled":
            return item.photo ? [link(item.photo.id)] : [action("Retry", () => queue.retry(item), { "aria-label": `Retry ${name}` })];
        case "in-trash":
            return [action("Restore", () => queue.retry(item, { on_duplicate: "keep" }), { "aria-label": `Restore ${name}` })];
        default:
            return item.photo && item.state !== "discarded" ? [link(item.photo.id)] : [];
    }
}

function nearNotice(item, queue) {
    const { match, other } = item;
    return el("div", { class: "upload-near" },
        other ? el("img", { src: other.small, alt: other.label }) : null,
        el("p", { text: `${match.sentence.charAt(0).toUpperCase()}${match.sentence.slice(1)}.` }),
        action("Keep both", () => queue.keep(item)),
        action("Discard this one", () => queue.discard(item)),
        el("a", { class: "button small", href: `/photos/${item.photo.id}`, text: "Compare" }));
}

export class Row {
    constructor(item, queue) {
        this.item = item;
        this.queue = queue;
        this.words = el("span", { class: "upload-state" });
        this.bar = el("progress", { max: "1", value: "0", "aria-label": `Progress of ${item.file.name}` });
        this.actions = el("span", { class: "upload-buttons" });
        this.element = el("li", { class: "upload-row" }, thumbnail(item.file),
            el("span", { class: "upload-name", text: item.file.name, title: item.file.webkitRelativePath || item.file.name }), this.words, this.bar, this.actions);
        this.show();
    }

    show() {
        const { item } = this;
        this.words.textContent = WORDS[item.state](item);
        this.bar.hidden = !["sending", "paused"].includes(item.state);
        this.bar.value = item.share;
        if (item.state === this.shown) return;
        this.shown = item.state;
        this.element.className = `upload-row ${item.state}`;
        this.showButtons();
        this.element.querySelector(".upload-near")?.remove();
        if (item.state === "near") this.element.append(nearNotice(item, this.queue));
    }

    /** Other buttons; whoever pressed one of the old ones by key goes on from the new ones. */
    showButtons() {
        const hadFocus = this.actions.contains(document.activeElement);
        this.actions.replaceChildren(...buttons(this.item, this.queue));
        if (hadFocus) this.actions.querySelector("button, a")?.focus();
    }
}
