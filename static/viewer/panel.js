/** The side panel of the viewer: the facts of the photo page, fetched as a fragment. */
import { el, icon } from "likeness/base/dom";
import { keepChoice } from "likeness/base/theme";
import { startPhotoForm } from "likeness/photo/form";
import { startSimilar } from "likeness/photo/similar";

const WIDTH = 380; // px beside the picture
const NARROW = 700; // px; below this the panel lies under the picture

export class ViewerPanel {
    constructor({ onResize, onChange }) {
        this.onResize = onResize;
        this.onChange = onChange;
        this.body = el("div", { class: "viewer-panel-body" });
        const close = el("button", { type: "button", class: "quiet icon-button", "aria-label": "Close information", on: { click: () => this.hide() } }, icon("x"));
        this.element = el("aside", { class: "viewer-panel", "aria-label": "Information", hidden: true },
            el("div", { class: "card-head" }, el("h2", { text: "Information" }), close), this.body);
        this.wanted = document.cookie.includes("viewer_panel=open");
    }

    get width() {
        return this.element.hidden || innerWidth <= NARROW ? 0 : WIDTH;
    }

    /** Height (px) that the panel takes from the picture; 0 where it stands beside it. */
    get height() {
        return this.element.hidden || innerWidth > NARROW ? 0 : this.element.offsetHeight;
    }

    toggle(id) {
        if (this.element.hidden) {
            this.wanted = true;
            keepChoice("viewer_panel", "open");
            this.show(id);
        } else this.hide({ forget: true });
    }

    /** Show the facts of a photo, when the panel is wanted. */
    async show(id, { again = false } = {}) {
        if (!this.wanted || (this.id === id && !again && !this.element.hidden)) return;
        this.id = id;
        if (this.element.hidden) {
            this.element.hidden = false;
            document.body.classList.add("viewer-panel-open");
            this.onResize();
        }
        this.request?.abort();
        this.request = new AbortController();
        try {
            const response = await fetch(`/photos/${id}?part=panel`, { signal: this.request.signal });
            if (!response.ok) throw new Error(`Information could not be loaded (${response.status}).`);
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            this.body.replaceChildren(...page.body.childNodes);
            startPhotoForm(this.body, { onChange: this.onChange });
            startSimilar(this.body);
        } catch (error) {
            if (error.name !== "AbortError") this.body.replaceChildren(el("p", { class: "notice danger", text: error.message }));
        }
    }

    hide({ forget = false } = {}) {
        if (forget) {
            this.wanted = false;
            keepChoice("viewer_panel", "");
        }
        if (this.element.hidden) return;
        this.element.hidden = true;
        document.body.classList.remove("viewer-panel-open");
        this.onResize();
    }

    remove() {
        this.request?.abort();
        this.element.remove();
        document.body.classList.remove("viewer-panel-open");
    }
}
