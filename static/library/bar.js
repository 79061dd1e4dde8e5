/** The bar that appears while photos are selected (templates/library/selection_bar.html). */
import { api } from "likeness/base/api";
import { askText } from "likeness/base/dialog";
import { counted } from "likeness/base/dom";

async function tagNames() {
    return (await api("GET", "/tags/suggest?text=")).tags.map((tag) => tag.name.replaceAll("_", " "));
}

export function startBar(bar, grid, actions) {
    const { selection } = grid;
    const chosen = () => [...selection.ids];
    const words = bar.querySelector(".selection-count");
    const run = {
        clear: () => selection.clear(),
        tag: async () => {
            const tags = await askText({ title: "Add tags", label: "Tags, separated by commas", action: "Add", suggestions: await tagNames() });
            if (tags) await actions.addTags(chosen(), tags);
        },
        untag: async () => {
            const tags = await askText({ title: "Remove tags", label: "Tags, separated by commas", action: "Remove", suggestions: await tagNames() });
            if (tags) await actions.removeTags(chosen(), tags);
        },
        album: async () => {
            const { albums } = await api("GET", "/albums/names");
            const name = await askText({ title: "Add to an album", label: "Album, an old one or a new name", action: "Add", suggestions: albums });
            if (name) await actions.album(chosen(), name);
        },
        stack: () => actions.stack(chosen()),
        favourite: () => actions.favourite(chosen()),
        visibility: (button) => actions.visibility(chosen(), button.dataset.value),
        trash: () => actions.trash(chosen()),
        "take-out": () => actions.takeOut(chosen(), bar.dataset.album),
    };
    bar.addEventListener("click", (event) => {
        const button = event.target.closest("[data-action]");
        if (!button) return;
        button.closest("details.menu")?.removeAttribute("open");
        run[button.dataset.action](button);
    });
    selection.addEventListener("change", () => {
        bar.hidden = selection.size === 0;
        words.textContent = `${counted(selection.size, "photo")} selected`;
    });
}
