/** The uploads that were begun and not finished, on the upload page: each goes away once it goes on or is discarded. */
import { toast } from "likeness/base/toast";
import { discard } from "likeness/upload/resumable";

const section = document.querySelector("[data-unfinished]");

function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (!next) section.remove();
    if (hadFocus) (next?.querySelector("button") ?? document.querySelector("input[data-choose]")).focus();
}

section?.addEventListener("click", async ({ target }) => {
    const row = target.closest("button") && target.closest("[data-url]");
    if (!row) return;
    try {
        await discard(row.dataset.url);
        remove(row);
        toast(`${row.dataset.name} was discarded.`);
    } catch {
        toast(`${row.dataset.name} could not be discarded now; try again later.`, { kind: "warn" });
    }
});

document.addEventListener("likeness:upload-goes-on", ({ detail }) => {
    const row = section?.querySelector(`[data-url="${CSS.escape(detail)}"]`);
    if (row) remove(row);
});
