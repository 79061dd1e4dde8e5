/** The elements of the grid: a row of photos, one tile, a heading. */
import { el, icon } from "likeness/base/dom";

const LARGEST_FOR_SMALL_PREVIEW = 360; // device px: 320 px stretched by an eighth looks the same

function previewSize(width, height) {
    return Math.max(width, height) * devicePixelRatio <= LARGEST_FOR_SMALL_PREVIEW ? 320 : 720;
}

function marks(source, index) {
    const names = [["favourite", "heart", "Favourite"], ["private", "lock", "Private"], ["damaged", "triangle-alert", "Damaged"]];
    const shown = names.filter(([flag]) => source.has(index, flag)).map(([, name, label]) => icon(name, label));
    if (source.has(index, "animated")) shown.push(el("span", { class: "tile-kind", title: "Animated" }, icon("play", "Animated")));
    const stacked = source.stacks?.[source.ids[index]];
    if (stacked) shown.push(el("span", { class: "tile-kind tile-stack", title: `Stack of ${stacked}` }, icon("layers", "Stack of"), String(stacked)));
    return shown.length ? el("span", { class: "tile-marks" }, ...shown) : null;
}

/** One photo. `tile` is {index, left, width} of Geometry.tiles. */
export function tileElement(source, tile, height, { selected, active }) {
    const { index, left, width } = tile;
    const label = source.facts.get(source.ids[index])?.label ?? `Photo ${index + 1} of ${source.count}`;
    const cell = el("div", { class: "tile", role: "gridcell", "aria-selected": String(selected), data: { index } });
    const image = el("img", { alt: label, draggable: "false", decoding: "async", on: { load: () => cell.classList.add("loaded") } });
    const link = el("a", { href: `/photos/${source.ids[index]}`, tabindex: active ? "0" : "-1" }, image);
    const check = el("button", { type: "button", class: "tile-check", tabindex: "-1", "aria-label": `Select ${label}`, "aria-pressed": String(selected) }, icon("check"));
    cell.append(link, check);
    const mark = marks(source, index);
    if (mark) cell.append(mark);
    if (source.versions[index]) image.src = source.preview(index, previewSize(width, height));
    cell.style.transform = `translateX(${left}px)`;
    cell.style.width = `${width}px`;
    cell.style.backgroundColor = source.colour(index);
    return cell;
}

/** Put the name into a tile that was mounted before it was known. */
export function nameTile(cell, label) {
    cell.querySelector("img").alt = label;
    cell.querySelector(".tile-check").setAttribute("aria-label", `Select ${label}`);
}

/** A month: its name and a box that selects all of it. */
export function headingElement(section, row, selected) {
    const box = el("input", { type: "checkbox", tabindex: "-1", class: "section-check", "aria-label": `Select ${section.label}` });
    box.checked = selected;
    return el("div", { class: "section-heading", role: "gridcell", data: { start: row.start, end: row.end } },
        el("h2", { text: section.label }), el("span", { class: "soft", text: String(section.count) }), box);
}
