/** Files dragged over any page, pasted, or chosen: two zones say what dropping there does. */
import { el, icon } from "likeness/base/dom";
import { filesOfDrop, filesOfInput, filesOfPaste } from "likeness/upload/files";

async function upload(files) {
    const { uploadFiles } = await import("likeness/upload/panel");
    uploadFiles(files);
}

async function searchWith(files) {
    const { searchByPicture } = await import("likeness/search/example");
    if (files[0]) searchByPicture(files[0]);
}

function zone(name, words, note, glyph) {
    return el("div", { class: "drop-zone", data: { zone: name } }, icon(glyph), el("span", { text: words }), el("small", { text: note }));
}

function carriesFiles(event) {
    return [...(event.dataTransfer?.types ?? [])].includes("Files");
}

/** Show the zones while files are over the window. */
function startZones(mayUpload) {
    const zones = el("div", { class: "drop-zones", role: "region", "aria-label": "Drop files here", hidden: true }, zone("search", "Search with this picture", "It is not kept", "scan-search"));
    if (mayUpload) zones.append(zone("upload", "Upload", "Files and whole folders", "upload"));
    document.body.append(zones);
    let depth = 0;
    const hide = () => { depth = 0; zones.hidden = true; };
    addEventListener("dragenter", (event) => {
        if (!carriesFiles(event)) return;
        depth += 1;
        zones.hidden = false;
    });
    addEventListener("dragleave", () => { depth -= 1; if (depth <= 0) hide(); });
    addEventListener("dragover", (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        for (const each of zones.children) each.classList.toggle("over", each === event.target);
    });
    addEventListener("drop", async (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        const name = event.target.dataset?.zone ?? (mayUpload ? "upload" : "search");
        hide();
        const files = await filesOfDrop(event.dataTransfer);
        if (name === "search") searchWith(files);
        else upload(files);
    });
}

export function startDrop() {
    const mayUpload = document.body.dataset.mayUpload === "yes";
    startZones(mayUpload);
    document.addEventListener("change", (event) => {
        if (event.target.matches?.("input[data-choose]")) upload(filesOfInput(event.target));
        else if (event.target.matches?.("input[data-search-by]")) searchWith(filesOfInput(event.target));
    });
    document.addEventListener("paste", (event) => {
        const files = filesOfPaste(event);
        if (!files.length) return;
        event.preventDefault();
        const onSearch = event.target.closest?.(".search-box") || !mayUpload;
        if (onSearch) searchWith(files);
        else upload(files);
    });
}
