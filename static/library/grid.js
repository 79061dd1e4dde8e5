/**
 * The photo grid: rows are mounted only near the viewport. Fires "open" (detail: index) and "range" (detail: first and
 * last index on screen). The page scrolls, not the grid.
 */
import { el } from "likeness/base/dom";
import { Geometry } from "likeness/library/geometry";
import { headingElement, nameTile, tileElement } from "likeness/library/tiles";

const GAP = 4; // px
const HEADING = 44; // px
const PHOTOS_PER_ROW = 4; // of usual shape, on a page of middling width
const USUAL_RATIO = 1.35;
const HEIGHTS = { least: 112, most: 240 }; // px, wanted height of a row
const NAMES_AFTER_MS = 120; // the scroll has come to rest

export class PhotoGrid extends EventTarget {
    constructor(root, source, selection) {
        super();
        this.root = root;
        this.source = source;
        this.selection = selection;
        this.mounted = new Map();
        this.active = 0;
        root.setAttribute("role", "grid");
        root.setAttribute("aria-label", root.dataset.label);
        root.setAttribute("aria-multiselectable", "true");
        new ResizeObserver(() => { if (root.clientWidth !== this.geometry?.width) this.layout(); }).observe(root);
        addEventListener("scroll", () => this.schedule(), { passive: true });
        addEventListener("resize", () => this.schedule(), { passive: true });
        selection.addEventListener("change", () => this.showSelection());
    }

    /** Compute all rows again, keeping the first visible photo where it is. */
    layout() {
        const width = this.root.clientWidth;
        if (!width) return;
        const anchor = this.geometry ? this.firstVisible() : null;
        const target = Math.min(HEIGHTS.most, Math.max(HEIGHTS.least, width / PHOTOS_PER_ROW / USUAL_RATIO));
        const { ratios, count, sections } = this.source;
        this.geometry = new Geometry({ ratios, count, sections, width, target, gap: GAP, headingHeight: HEADING });
        this.root.style.height = `${this.geometry.height}px`;
        this.root.setAttribute("aria-rowcount", this.geometry.rows.length);
        for (const node of this.mounted.values()) node.remove();
        this.mounted.clear();
        this.active = Math.min(this.active, Math.max(0, count - 1));
        if (anchor) this.scrollToPhoto(anchor.id, anchor.offset);
        this.render();
    }

    get top() {
        return this.root.getBoundingClientRect().top + scrollY;
    }

    /** Height of the header that covers the top of the page. */
    get covered() {
        return document.querySelector(".site-header").offsetHeight;
    }

    firstVisible() {
        const y = scrollY + this.covered - this.top;
        if (y <= 0 || !this.geometry.rows.length) return null;
        const row = this.geometry.rows[this.geometry.rowAt(y)];
        return { id: this.shownIds?.[row.start] ?? this.source.ids[row.start], offset: y - row.top };
    }

    scrollToPhoto(id, offset = 0) {
        const index = this.source.indexOf(id);
        if (index < 0) return;
        const row = this.geometry.rows[this.geometry.rowOf(index)];
        scrollTo({ top: this.top + row.top + Math.min(offset, row.height) - this.covered, behavior: "instant" });
    }

    schedule() {
        if (this.frame) return;
        this.frame = requestAnimationFrame(() => { this.frame = 0; this.render(); });
    }

    render() {
        if (!this.geometry?.rows.length) return;
        this.shownIds = this.source.ids;
        const screen = innerHeight;
        const y = scrollY - this.top;
        const first = this.geometry.rowAt(y - screen);
        const last = this.geometry.rowAt(y + 2 * screen);
        const kept = this.geometry.rowOf(this.active);
        for (const [number, node] of this.mounted) {
            if ((number < first || number > last) && number !== kept) { node.remove(); this.mounted.delete(number); }
        }
        for (let number = first; number <= last; number += 1) this.mount(number);
        this.mount(kept);
        const visible = this.geometry.rows[this.geometry.rowAt(y + this.covered)];
        const lowest = this.geometry.rows[this.geometry.rowAt(y + screen)];
        this.dispatchEvent(new CustomEvent("range", { detail: { first: visible.start, last: lowest.end } }));
        clearTimeout(this.naming);
        this.naming = setTimeout(() => this.nameTiles(), NAMES_AFTER_MS);
    }

    mount(number) {
        if (this.mounted.has(number)) return;
        const row = this.geometry.rows[number];
        const node = el("div", { class: "grid-row", role: "row", "aria-rowindex": number + 1 });
        node.style.transform = `translateY(${row.top}px)`;
        node.style.height = `${row.height}px`;
        if (row.kind === "heading") node.append(headingElement(this.source.sections[row.section], row, this.runSelected(row)));
        else for (const tile of this.geometry.tiles(row, this.source.ratios)) node.append(this.tile(tile, row.height));
        const after = [...this.mounted.keys()].filter((each) => each > number).sort((a, b) => a - b)[0];
        this.root.insertBefore(node, after === undefined ? null : this.mounted.get(after));
        this.mounted.set(number, node);
    }

    tile(tile, height) {
        const state = { selected: this.selection.has(this.source.ids[tile.index]), active: tile.index === this.active };
        return tileElement(this.source, tile, height, state);
    }

    runSelected(row) {
        for (let at = row.start; at < row.end; at += 1) if (!this.selection.has(this.source.ids[at])) return false;
        return true;
    }

    cells() {
        return this.root.querySelectorAll(".tile");
    }

    async nameTiles() {
        const cells = [...this.cells()];
        const facts = await this.source.details(cells.map((cell) => Number(cell.dataset.index))).catch(() => []);
        facts.forEach((photo, at) => { if (photo) nameTile(cells[at], photo.label); });
    }

    showSelection() {
        this.root.classList.toggle("selecting", this.selection.size > 0);
        for (const cell of this.cells()) {
            const selected = this.selection.has(this.source.ids[Number(cell.dataset.index)]);
            cell.setAttribute("aria-selected", String(selected));
            cell.querySelector(".tile-check").setAttribute("aria-pressed", String(selected));
        }
        for (const [number, node] of this.mounted) {
            const box = node.querySelector(".section-check");
            if (box) box.checked = this.runSelected(this.geometry.rows[number]);
        }
    }

    /** Move the roving focus to a photo and bring it into view. */
    focus(index) {
        if (!this.source.count) return;
        this.active = Math.max(0, Math.min(this.source.count - 1, index));
        const number = this.geometry.rowOf(this.active);
        const row = this.geometry.rows[number];
        const from = scrollY + this.covered - this.top;
        const to = scrollY + innerHeight - this.top;
        if (row.top < from) scrollTo({ top: this.top + row.top - this.covered - HEADING, behavior: "instant" });
        else if (row.top + row.height > to) scrollTo({ top: this.top + row.top + row.height - innerHeight + GAP * 4, behavior: "instant" });
        this.render();
        for (const link of this.root.querySelectorAll(".tile > a")) link.tabIndex = -1;
        const link = this.root.querySelector(`.tile[data-index="${this.active}"] > a`);
        link.tabIndex = 0;
        link.focus({ preventScroll: true });
    }

    /** Draw one tile again after a fact about it changed. */
    refresh(index) {
        const cell = this.root.querySelector(`.tile[data-index="${index}"]`);
        if (!cell) return;
        const row = this.geometry.rows[this.geometry.rowOf(index)];
        const tile = this.geometry.tiles(row, this.source.ratios).find((each) => each.index === index);
        cell.replaceWith(this.tile(tile, row.height));
    }
}
