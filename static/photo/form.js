/** The form of a photo: each field is saved by itself when it changes; tags are chips with completion. */
import { api } from "likeness/base/api";
import { el, icon } from "likeness/base/dom";
import { toast, toastError } from "likeness/base/toast";
import { Combobox } from "likeness/base/combobox";

const SAVED_ALONE = new Set(["title", "description", "visibility", "rating", "favourite"]);

function valueOf(field) {
    if (field.type === "checkbox") return field.checked;
    return field.name === "rating" ? Number(field.value) : field.value;
}

/** The chips and the field that adds one (templates/photo/tags.html). */
class TagEditor {
    constructor(root, save) {
        this.root = root;
        this.save = save;
        this.list = root.querySelector(".tag-chips");
        this.input = root.querySelector(".tag-input");
        new Combobox(this.input, {
            suggest: async (text, { signal }) => {
                if (!text.trim()) return [];
                const { tags } = await api("GET", `/tags/suggest?text=${encodeURIComponent(text)}`, undefined, { signal });
                return tags.map((tag) => ({ label: tag.name.replaceAll("_", " "), detail: String(tag.count), value: tag.name }));
            },
            pick: (option) => this.add(option.value),
        });
        this.input.addEventListener("keydown", (event) => {
            if ((event.key !== "Enter" && event.key !== ",") || event.defaultPrevented) return;
            event.preventDefault();
            if (this.input.value.trim()) this.add(this.input.value.trim());
        });
        this.list.addEventListener("click", (event) => {
            const chip = event.target.closest(".chip-remove")?.closest(".chip");
            if (!chip) return;
            chip.remove();
            this.save(this.names());
            this.input.focus();
        });
    }

    names() {
        return [...this.list.querySelectorAll("[data-tag]")].map((chip) => chip.dataset.tag);
    }

    add(text) {
        const name = text.toLowerCase().split(/[\s_]+/).filter(Boolean).join("_");
        this.input.value = "";
        if (!name || this.names().includes(name)) return;
        const words = name.replaceAll("_", " ");
        this.list.append(el("li", { class: "chip", data: { tag: name } },
            el("a", { href: `/search?q=${encodeURIComponent(`tag:"${name.replace(/["\\]/g, "\\$&")}"`)}`, text: words }),
            el("button", { type: "button", class: "chip-remove", "aria-label": `Remove ${words}` }, icon("x"))));
        this.save(this.names());
    }
}

/** Bring the form below `root` to life; `onChange(id)` hears of every saved change. */
export function startPhotoForm(root, { onChange = () => undefined } = {}) {
    const form = root.querySelector("form.photo-form");
    if (!form) return;
    const id = Number(form.dataset.photo);
    const state = form.querySelector(".save-state");
    let waiting = 0;
    let last = Promise.resolve();
    const send = async (changes) => {
        try {
            await api("PATCH", `photos/${id}`, changes);
            onChange(id);
            state.textContent = "Saved";
        } catch (error) {
            state.textContent = "Not saved";
            toastError(error);
        }
        waiting -= 1;
        if (waiting) state.textContent = "Saving …";
    };
    // One after the other: a later change must not be overtaken by an earlier one.
    const save = (changes) => {
        waiting += 1;
        state.textContent = "Saving …";
        last = last.then(() => send(changes));
    };
    form.classList.add("saves-itself");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", (event) => {
        if (SAVED_ALONE.has(event.target.name)) save({ [event.target.name]: valueOf(event.target) });
    });
    const tags = form.querySelector(".tag-editor");
    if (tags) new TagEditor(tags, (names) => save({ tags: names }));
    root.querySelector("[data-copy]")?.addEventListener("click", async (event) => {
        await navigator.clipboard?.writeText(event.currentTarget.dataset.copy);
        toast("Copied.");
    });
}
