/** Mouse, touch and keyboard on the grid. */
import { bindKeys } from "likeness/base/keys";

function tileIndex(target) {
    const tile = target.closest(".tile");
    return tile ? Number(tile.dataset.index) : -1;
}

function onClick(grid, event) {
    const { selection, source } = grid;
    const heading = event.target.closest(".section-check")?.closest(".section-heading");
    if (heading) {
        selection.toggleRun(source, Number(heading.dataset.start), Number(heading.dataset.end));
        return;
    }
    const index = tileIndex(event.target);
    if (index < 0) return;
    const toggles = event.target.closest(".tile-check") || event.ctrlKey || event.metaKey;
    if (event.button !== 0) return;
    event.preventDefault();
    grid.active = index;
    if (event.shiftKey) selection.extend(source, index);
    else if (toggles || selection.size) selection.toggle(source.ids[index], index);
    else grid.dispatchEvent(new CustomEvent("open", { detail: index }));
}

/** Screenful up or down: the photo about as far away as the viewport is high. */
function pageStep(grid, direction) {
    let index = grid.active;
    let way = 0;
    while (way < innerHeight * 0.8) {
        const next = grid.geometry.neighbour(index, direction, grid.source.ratios);
        if (next === index) break;
        index = next;
        way += grid.geometry.rows[grid.geometry.rowOf(index)].height;
    }
    return index;
}

function rowEdge(grid, edge) {
    const row = grid.geometry.rows[grid.geometry.rowOf(grid.active)];
    return edge < 0 ? row.start : row.end - 1;
}

/** Bind everything. `actions` are {favourite, trash}, called with the keyboard's photo ids. */
export function startInput(grid, actions) {
    const { root, selection, source } = grid;
    const moves = {
        ArrowLeft: () => grid.active - 1,
        ArrowRight: () => grid.active + 1,
        ArrowUp: () => grid.geometry.neighbour(grid.active, -1, source.ratios),
        ArrowDown: () => grid.geometry.neighbour(grid.active, 1, source.ratios),
        PageUp: () => pageStep(grid, -1),
        PageDown: () => pageStep(grid, 1),
        Home: () => rowEdge(grid, -1),
        End: () => rowEdge(grid, 1),
        "Control+Home": () => 0,
        "Control+End": () => source.count - 1,
    };
    const bindings = {};
    for (const [key, target] of Object.entries(moves)) {
        bindings[key] = () => grid.focus(target());
        bindings[`Shift+${key}`] = () => {
            if (selection.anchor < 0) selection.anchor = grid.active;
            grid.focus(target());
            selection.extend(source, grid.active);
        };
    }
    const toggle = () => selection.toggle(source.ids[grid.active], grid.active);
    const chosen = () => (selection.size ? [...selection.ids] : [source.ids[grid.active]]);
    Object.assign(bindings, {
        " ": toggle,
        x: toggle,
        m: () => {
            const { section } = grid.geometry.rows[grid.geometry.rowOf(grid.active)];
            const first = source.sections.slice(0, section).reduce((sum, each) => sum + each.count, 0);
            selection.toggleRun(source, first, first + (source.sections[section]?.count ?? source.count));
        },
        "Control+a": () => selection.toggleRun(source, 0, source.count),
        Enter: () => grid.dispatchEvent(new CustomEvent("open", { detail: grid.active })),
        f: () => actions.favourite(chosen()),
        Delete: () => actions.trash(chosen()),
    });
    bindKeys(bindings, { scope: root });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && !document.querySelector(".pswp, dialog[open]")) selection.clear();
    });
    root.addEventListener("click", (event) => onClick(grid, event));
    root.addEventListener("focusin", (event) => {
        const index = tileIndex(event.target);
        if (index >= 0) grid.active = index;
    });
}
