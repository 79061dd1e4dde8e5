/** Where every row of the grid lies, and which row is at a height. Pure: no page in it. */
import { justify } from "likeness/library/justify";

const SECTION_GAP = 20; // px above a heading

/**
 * Rows of the whole grid: {kind: "photos", start, end, top, height} or {kind: "heading", section, top, height}.
 * `sections` are {label, count, ...}; one without a label has no heading.
 */
export class Geometry {
    constructor({ ratios, count, sections, width, target, gap, headingHeight }) {
        this.width = width;
        this.gap = gap;
        this.rows = [];
        this.sectionTops = [];
        let top = 0;
        let first = 0;
        for (const [number, section] of (sections.length ? sections : [{ label: "", count }]).entries()) {
            const end = Math.min(count, first + section.count);
            if (section.label) top += number ? SECTION_GAP : 0;
            this.sectionTops.push(top);
            if (section.label) {
                this.rows.push({ kind: "heading", section: number, start: first, end, top, height: headingHeight });
                top += headingHeight;
            }
            for (const row of justify(ratios, first, end, width, target, gap)) {
                this.rows.push({ kind: "photos", section: number, top, ...row });
                top += row.height + gap;
            }
            first = end;
        }
        this.height = top;
    }

    /** Index of the last row that begins at or above `y`. */
    rowAt(y) {
        let low = 0;
        let high = this.rows.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.rows[middle].top <= y) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /** Index of the row that holds a photo. */
    rowOf(index) {
        let low = 0;
        let high = this.rows.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (this.rows[middle].start <= index) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /** Left edges and widths (px) of the photos in a row. */
    tiles(row, ratios) {
        const tiles = [];
        let left = 0;
        for (let index = row.start; index < row.end; index += 1) {
            const width = Math.min(this.width, ratios[index] * row.height);
            tiles.push({ index, left, width });
            left += width + this.gap;
        }
        return tiles;
    }

    /** The photo in the next (+1) or previous (-1) row of photos whose middle is nearest; the same photo at an edge. */
    neighbour(index, direction, ratios) {
        let number = this.rowOf(index);
        const here = this.tiles(this.rows[number], ratios).find((tile) => tile.index === index);
        do number += direction;
        while (this.rows[number]?.kind === "heading");
        if (!this.rows[number]) return index;
        const middle = here.left + here.width / 2;
        const distance = (tile) => Math.abs(tile.left + tile.width / 2 - middle);
        return this.tiles(this.rows[number], ratios).reduce((best, tile) => (distance(tile) < distance(best) ? tile : best)).index;
    }
}
