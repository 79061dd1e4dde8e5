/** The photos of a grid: shapes and colours of all of them at once (gallery/gridlayout.py), facts of those on screen. */
import { api } from "likeness/base/api";

export const FLAGS = { favourite: 1, animated: 2, damaged: 4, private: 8 };
const DETAILS_AT_ONCE = 150;

/** Read the packed layout. */
export function unpack(buffer) {
    const view = new DataView(buffer);
    const length = view.getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    let at = 4 + length;
    const take = (Type) => {
        const part = new Type(buffer.slice(at, at + header.count * Type.BYTES_PER_ELEMENT));
        at += part.byteLength;
        return part;
    };
    return {
        header,
        ids: take(Uint32Array),
        tokens: take(Uint32Array),
        ratios: Float32Array.from(take(Uint16Array), (thousandths) => thousandths / 1000),
        colours: take(Uint16Array),
        versions: take(Uint8Array),
        flags: take(Uint8Array),
    };
}

function joined(first, second) {
    const whole = new first.constructor(first.length + second.length);
    whole.set(first);
    whole.set(second, first.length);
    return whole;
}

export class PhotoSource {
    /** `url` answers with a packed layout; a "next" in its header is asked for by `loadMore`. */
    constructor(url) {
        this.url = url;
        this.facts = new Map();
        this.next = "";
        this.count = 0;
    }

    async load() {
        this.take(await this.fetch(this.url));
        return this;
    }

    /** Append the next page of results. Returns whether there was one. */
    async loadMore() {
        if (!this.next || this.loading) return false;
        this.loading = true;
        try {
            const part = await this.fetch(`${this.url}&cursor=${encodeURIComponent(this.next)}`);
            for (const name of ["ids", "tokens", "ratios", "colours", "versions", "flags"]) this[name] = joined(this[name], part[name]);
            this.count = this.ids.length;
            this.next = part.header.next ?? "";
            this.stopped = part.header.stopped ?? "";
        } finally {
            this.loading = false;
        }
        return true;
    }

    async fetch(url) {
        const response = await fetch(url, { credentials: "same-origin" });
        if (!response.ok) throw new Error(`The list of photos could not be loaded (${response.status}). Reload the page.`);
        return unpack(await response.arrayBuffer());
    }

    take({ header, ...columns }) {
        Object.assign(this, columns);
        this.count = header.count;
        this.next = header.next ?? "";
        this.stopped = header.stopped ?? "";
        this.processing = header.processing ?? 0;
        this.stacks = header.stacks ?? {}; // id of a cover -> how many photos it stands for
        this.sections = header.sections.map(([label, year, count]) => ({ label, year, count }));
        this.places = null;
    }

    /** Where a photo stands, or -1. */
    indexOf(id) {
        if (!this.places || this.places.size !== this.count) this.places = new Map(Array.from(this.ids, (each, index) => [each, index]));
        return this.places.get(id) ?? -1;
    }

    has(index, flag) {
        return (this.flags[index] & FLAGS[flag]) !== 0;
    }

    setFlag(index, flag, on) {
        if (on) this.flags[index] |= FLAGS[flag];
        else this.flags[index] &= ~FLAGS[flag];
    }

    colour(index) {
        const packed = this.colours[index];
        return `rgb(${(packed >> 11) * 8.2} ${((packed >> 5) & 63) * 4.05} ${(packed & 31) * 8.2})`;
    }

    /** Address of a preview, the same that the server writes: the content's token keeps caches honest. */
    preview(index, size) {
        const token = this.tokens[index].toString(16).padStart(8, "0");
        return `/media/previews/${this.ids[index]}/${size}?v=${token}${this.versions[index]}`;
    }

    /** Facts of photos (gallery/views/grid.py: facts), fetched where they are not known yet. */
    async details(indices) {
        const missing = indices.map((index) => this.ids[index]).filter((id) => id !== undefined && !this.facts.has(id));
        for (let at = 0; at < missing.length; at += DETAILS_AT_ONCE) {
            const answer = await api("GET", `/grid/details?ids=${missing.slice(at, at + DETAILS_AT_ONCE).join(",")}`);
            for (const photo of answer.photos) this.facts.set(photo.id, photo);
        }
        return indices.map((index) => this.facts.get(this.ids[index]));
    }

    /** Take photos out; sections shrink with them. */
    remove(ids) {
        const gone = new Set(ids);
        const kept = [];
        let first = 0;
        for (const section of this.sections) {
            const end = first + section.count;
            for (let index = first; index < end; index += 1) if (gone.has(this.ids[index])) section.count -= 1;
            first = end;
        }
        for (let index = 0; index < this.count; index += 1) if (!gone.has(this.ids[index])) kept.push(index);
        for (const name of ["ids", "tokens", "ratios", "colours", "versions", "flags"]) {
            this[name] = this[name].constructor.from(kept, (index) => this[name][index]);
        }
        this.sections = this.sections.filter((section) => section.count > 0);
        this.count = kept.length;
        this.places = null;
    }
}
