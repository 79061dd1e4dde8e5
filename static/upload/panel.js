/** The list of an upload: on the upload page within the page, elsewhere docked in a corner. One per page. */
import { counted, el, icon } from "likeness/base/dom";
import { UploadQueue } from "likeness/upload/queue";
import { Row } from "likeness/upload/row";

const UNSENT = ["waiting", "hashing", "sending", "paused"];
const DONE = ["done", "near", "followed"];
let panel = null;

function optionsOfPage() {
    const options = {};
    for (const field of document.querySelectorAll("[data-option]")) options[field.dataset.option] = field.value.trim();
    return options;
}

class UploadPanel {
    constructor() {
        this.queue = new UploadQueue();
        this.rows = new Map();
        this.list = el("ul", { class: "upload-list" });
        this.head = el("h2", { text: "Upload" });
        this.whole = el("progress", { max: "1", value: "0", "aria-label": "Progress of the upload" });
        this.summary = el("p", { class: "upload-summary soft", role: "status" });
        const close = el("button", { type: "button", class: "quiet icon-button small", "aria-label": "Close", on: { click: () => this.close() } }, icon("x"));
        this.stop = el("button", { type: "button", class: "small", text: "Cancel all", on: { click: () => this.cancelAll() } });
        const here = document.querySelector(".upload-list-here");
        this.element = el("section", { class: here ? "upload-panel" : "upload-panel docked", "aria-label": "Upload" },
            el("div", { class: "upload-head" }, this.head, this.stop, here ? null : close),
            el("div", { class: "upload-whole" }, this.whole), this.list, this.summary);
        (here ?? document.body).append(this.element);
        this.queue.addEventListener("change", (event) => this.changed(event.detail));
        addEventListener("beforeunload", (event) => { if (this.queue.busy) event.preventDefault(); });
    }

    add(files) {
        const before = this.queue.items.length;
        this.queue.add(files, optionsOfPage());
        const rows = this.queue.items.slice(before).map((item) => {
            const row = new Row(item, this.queue);
            this.rows.set(item, row);
            return row.element;
        });
        this.list.append(...rows);
        this.count();
    }

    changed(item) {
        this.rows.get(item)?.show();
        if (this.frame) return;
        this.frame = requestAnimationFrame(() => { this.frame = 0; this.count(); });
    }

    count() {
        const { items, busy } = this.queue;
        const states = new Map();
        for (const item of items) states.set(item.state, (states.get(item.state) ?? 0) + 1);
        const number = (...names) => names.reduce((sum, name) => sum + (states.get(name) ?? 0), 0);
        const bytes = items.reduce((sum, item) => sum + item.file.size, 0) || 1;
        const through = items.reduce((sum, item) => sum + item.file.size * (UNSENT.includes(item.state) ? item.share : 1), 0);
        this.whole.value = through / bytes;
        this.whole.parentElement.hidden = !busy;
        this.stop.hidden = !busy;
        const open = number("waiting", "hashing", "sending");
        const handled = items.length - number("paused");
        this.head.textContent = busy ? `Uploading, ${open} of ${items.length} to go` : `${counted(handled, "file")} handled`;
        const parts = [[number(...DONE), "stored"], [number("near"), "like a photo that you have"], [number("known"), "already here"], [number("in-trash"), "in the trash"], [number("refused"), "not taken"], [number("failed"), "failed"], [number("cancelled"), "cancelled"], [number("paused"), "paused"]];
        this.summary.textContent = busy ? "" : `${parts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`).join(", ")}.`;
        document.title = busy ? document.title.replace(/^(\(\d+\) )?/, `(${open}) `) : document.title.replace(/^\(\d+\) /, "");
    }

    cancelAll() {
        for (const item of this.queue.items) if (UNSENT.includes(item.state)) this.queue.cancel(item);
    }

    close() {
        this.cancelAll();
        this.element.remove();
        panel = null;
    }
}

/** Upload files, in the list of this page. */
export function uploadFiles(files) {
    if (!files.length) return;
    panel ??= new UploadPanel();
    panel.add(files);
}
