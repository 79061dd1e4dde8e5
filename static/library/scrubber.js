/** The time line at the right edge: click or drag it to go to a month, or use the arrow keys on it. */
import { el } from "likeness/base/dom";

const LABEL_DISTANCE = 26; // px between two years, so that they never overlap

export class Scrubber {
    constructor(root, grid) {
        this.root = root;
        this.grid = grid;
        this.thumb = el("div", { class: "scrubber-thumb", role: "slider", tabindex: "0", "aria-label": "Time", "aria-orientation": "vertical", "aria-valuemin": "0" });
        this.bubble = el("div", { class: "scrubber-bubble", "aria-hidden": "true" });
        this.thumb.append(this.bubble);
        this.years = el("div", { class: "scrubber-years", "aria-hidden": "true" });
        root.replaceChildren(this.years, this.thumb);
        root.addEventListener("pointerdown", (event) => this.drag(event));
        this.thumb.addEventListener("keydown", (event) => this.onKey(event));
        grid.addEventListener("range", (event) => this.show(event.detail.first));
        new ResizeObserver(() => this.draw()).observe(root);
    }

    get sections() {
        return this.grid.source.sections;
    }

    /** Share (0..1) of the way down at which a section begins. */
    share(number) {
        const { sectionTops, height } = this.grid.geometry;
        return height ? sectionTops[number] / height : 0;
    }

    draw() {
        if (!this.grid.geometry) return;
        this.root.hidden = this.sections.length < 2 || this.grid.geometry.height < 2 * innerHeight;
        this.thumb.setAttribute("aria-valuemax", String(Math.max(0, this.sections.length - 1)));
        const labels = [];
        let last = -Infinity;
        let year = null;
        this.sections.forEach((section, number) => {
            const y = this.share(number) * this.root.clientHeight;
            if (section.year !== year && y - last >= LABEL_DISTANCE) {
                const label = el("span", { text: String(section.year) });
                label.style.top = `${y}px`;
                labels.push(label);
                last = y;
            }
            year = section.year;
        });
        this.years.replaceChildren(...labels);
        this.show(this.first ?? 0);
    }

    /** Follow the scroll: `first` is the first photo on screen. */
    show(first) {
        this.first = first;
        if (!this.sections.length || !this.grid.geometry) return;
        const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
        this.number = atEnd ? this.sections.length - 1 : this.grid.geometry.rows[this.grid.geometry.rowOf(first)].section;
        const { height } = this.grid.geometry;
        const share = Math.max(0, Math.min(1, (scrollY - this.grid.top + this.grid.covered) / Math.max(1, height - innerHeight)));
        this.thumb.style.top = `${share * 100}%`;
        const label = this.sections[this.number]?.label ?? "";
        this.thumb.setAttribute("aria-valuenow", String(this.number));
        this.thumb.setAttribute("aria-valuetext", label);
        this.bubble.textContent = label;
    }

    goTo(share) {
        const { height } = this.grid.geometry;
        scrollTo({ top: this.grid.top - this.grid.covered + share * Math.max(0, height - innerHeight + this.grid.covered), behavior: "instant" });
    }

    drag(event) {
        event.preventDefault();
        const box = this.root.getBoundingClientRect();
        const move = (moved) => this.goTo(Math.max(0, Math.min(1, (moved.clientY - box.top) / box.height)));
        this.root.setPointerCapture(event.pointerId);
        this.root.classList.add("dragging");
        this.root.addEventListener("pointermove", move);
        const end = () => {
            this.root.classList.remove("dragging");
            this.root.removeEventListener("pointermove", move);
        };
        this.root.addEventListener("pointerup", end, { once: true });
        this.root.addEventListener("pointercancel", end, { once: true });
        move(event);
    }

    onKey(event) {
        const last = this.sections.length - 1;
        const targets = { ArrowDown: this.number + 1, ArrowRight: this.number + 1, ArrowUp: this.number - 1, ArrowLeft: this.number - 1, PageDown: this.number + 12, PageUp: this.number - 12, Home: 0, End: last };
        if (!(event.key in targets)) return;
        event.preventDefault();
        const number = Math.max(0, Math.min(last, targets[event.key]));
        scrollTo({ top: this.grid.top - this.grid.covered + this.grid.geometry.sectionTops[number] + 1, behavior: "instant" });
        this.grid.render();
    }
}
