/** Start the grid of a page: library, album or search results (templates/library/grid.html). */
import { counted } from "likeness/base/dom";
import { toastError } from "likeness/base/toast";
import { Actions } from "likeness/library/actions";
import { startBar } from "likeness/library/bar";
import { PhotoGrid } from "likeness/library/grid";
import { startInput } from "likeness/library/input";
import { Scrubber } from "likeness/library/scrubber";
import { Selection } from "likeness/library/selection";
import { PhotoSource } from "likeness/library/source";

const POLL_MS = 3000; // while photos are being looked at
const LOAD_AHEAD = 60; // photos before the end at which the next page of results is fetched

function showState(page, source) {
    const note = page.querySelector(".grid-note");
    if (note) {
        note.hidden = source.processing === 0;
        note.querySelector("span").textContent = `${counted(source.processing, "photo")} being looked at. They appear here by themselves.`;
    }
    page.querySelector(".grid-empty")?.toggleAttribute("hidden", source.count > 0 || source.processing > 0);
}

/** Load the layout again while photos are on their way, and whenever an upload has ended. */
function keepFresh(page, source, grid) {
    let timer = 0;
    const refresh = async () => {
        clearTimeout(timer);
        if (!document.hidden) {
            await source.load().catch(() => undefined);
            grid.layout();
            showState(page, source);
        }
        if (source.processing > 0) timer = setTimeout(refresh, POLL_MS);
    };
    if (source.processing > 0) timer = setTimeout(refresh, POLL_MS);
    document.addEventListener("likeness:uploaded", refresh);
}

export async function startPage(page) {
    const source = new PhotoSource(page.dataset.source);
    const root = page.querySelector(".photo-grid");
    try {
        await source.load();
    } catch (error) {
        toastError(error);
        return;
    }
    const grid = new PhotoGrid(root, source, new Selection());
    const actions = new Actions(grid);
    grid.layout();
    showState(page, source);
    startInput(grid, actions);
    const bar = page.querySelector(".selection-bar");
    if (bar) startBar(bar, grid, actions);
    if (source.sections.length) new Scrubber(page.querySelector(".scrubber"), grid);
    else keepLoading(page, source, grid);
    if (page.dataset.fresh === "yes") keepFresh(page, source, grid);
    grid.addEventListener("open", async (event) => {
        const { openViewer } = await import("likeness/viewer/viewer");
        openViewer({ grid, actions, index: event.detail });
    });
    page.dataset.ready = "yes";
}

/** Fetch the next page of results before the end comes into sight; at the end, say why a ranking stopped there. */
function keepLoading(page, source, grid) {
    const end = page.querySelector(".results-end");
    const tell = () => { end.textContent = source.next ? "" : source.stopped; };
    grid.addEventListener("range", async (event) => {
        if (event.detail.last + LOAD_AHEAD < source.count || !(await source.loadMore())) return;
        grid.layout();
        tell();
    });
    tell();
}

const page = document.querySelector("[data-grid-page]");
if (page) startPage(page);
