/** Arranging an album: dragging a photo, and its buttons without loading the page anew (templates/albums/arrange.html). */
import { api } from "likeness/base/api";
import { toastError } from "likeness/base/toast";

const form = document.querySelector("[data-arrange]");
const list = form.querySelector(".arrange-list");
const note = document.getElementById("arrange-note");
let dragged = null;

function tell(item) {
    const place = [...list.children].indexOf(item) + 1;
    note.textContent = `${item.dataset.name} is now ${place} of ${list.children.length}.`;
}

/** Put the item in front of another one, or at the end; back to where it was when the server refuses. */
async function place(item, before) {
    const old = item.nextElementSibling;
    if (item === before || old === before) return;
    list.insertBefore(item, before);
    try {
        await api("POST", `albums/${form.dataset.arrange}/order`, {
            photos: [Number(item.dataset.photo)], before: before ? Number(before.dataset.photo) : null,
        });
        tell(item);
    } catch (error) {
        list.insertBefore(item, old);
        toastError(error);
    }
}

const MOVES = {
    earlier: (item) => item.previousElementSibling ?? item,
    later: (item) => item.nextElementSibling?.nextElementSibling ?? null,
    first: () => list.firstElementChild,
};

form.addEventListener("submit", async (event) => {
    const button = event.submitter;
    const move = MOVES[button?.name];
    if (!move) return;
    event.preventDefault();
    const item = button.closest("li");
    await place(item, move(item));
    button.focus();
});

list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.name);
});
list.addEventListener("dragend", () => {
    dragged?.classList.remove("is-dragged");
    list.querySelector(".drop-here")?.classList.remove("drop-here");
    dragged = null;
});
list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged) return;
    event.preventDefault();
    list.querySelector(".drop-here")?.classList.remove("drop-here");
    if (over && over !== dragged) over.classList.add("drop-here");
});
list.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    const over = event.target.closest("li");
    const box = over?.getBoundingClientRect();
    const after = box && event.clientX > box.left + box.width / 2;
    place(dragged, over ? (after ? over.nextElementSibling : over) : null);
});
