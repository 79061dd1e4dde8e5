/** Which photos are selected. Ids, not places, so that a selection outlives a new layout. Fires "change". */
export class Selection extends EventTarget {
    constructor() {
        super();
        this.ids = new Set();
        this.anchor = -1; // place from which a range grows
    }

    get size() {
        return this.ids.size;
    }

    has(id) {
        return this.ids.has(id);
    }

    changed() {
        this.dispatchEvent(new Event("change"));
    }

    toggle(id, index) {
        if (!this.ids.delete(id)) this.ids.add(id);
        this.anchor = index;
        this.changed();
    }

    /** Select everything between the anchor and `index`. */
    extend(source, index) {
        const from = this.anchor < 0 ? index : this.anchor;
        if (this.anchor < 0) this.anchor = index;
        for (let at = Math.min(from, index); at <= Math.max(from, index); at += 1) this.ids.add(source.ids[at]);
        this.changed();
    }

    /** Select all of a run, or none of it where all were selected. */
    toggleRun(source, start, end) {
        const ids = Array.from(source.ids.slice(start, end));
        const all = ids.every((id) => this.ids.has(id));
        for (const id of ids) {
            if (all) this.ids.delete(id);
            else this.ids.add(id);
        }
        this.changed();
    }

    clear() {
        if (!this.ids.size) return;
        this.ids.clear();
        this.anchor = -1;
        this.changed();
    }
}
