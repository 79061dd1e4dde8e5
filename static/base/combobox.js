/**
 * A text field with a list of suggestions: role=combobox, the list is moved through by aria-activedescendant, stale
 * requests are aborted (WAI-ARIA Authoring Practices, editable combobox with list autocomplete).
 */
import { el } from "likeness/base/dom";

const WAIT_MS = 90; // between the last key and the request
let made = 0;

export class Combobox {
    /**
     * `suggest(text, {caret, signal})` resolves to options {label, detail, ...}; `pick(option)` is called with the chosen
     * one. Enter with no active option is left to the form.
     */
    constructor(input, { suggest, pick, listLabel = "Suggestions" }) {
        made += 1;
        Object.assign(this, { input, suggest, pick, options: [], active: -1 });
        this.list = el("ul", { id: `combobox-${made}`, class: "combobox-list", role: "listbox", "aria-label": listLabel, hidden: true });
        input.after(this.list);
        for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id, autocomplete: "off" })) {
            input.setAttribute(name, value);
        }
        input.addEventListener("input", () => this.ask());
        input.addEventListener("focus", () => { if (input.value) this.ask(); });
        input.addEventListener("blur", () => this.close());
        input.addEventListener("keydown", (event) => this.onKey(event));
        this.list.addEventListener("pointerdown", (event) => {
            event.preventDefault(); // the field keeps the focus
            const option = event.target.closest("[role=option]");
            if (option) this.choose(Number(option.dataset.index));
        });
    }

    ask() {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.fetch(), WAIT_MS);
    }

    async fetch() {
        this.request?.abort();
        this.request = new AbortController();
        const { signal } = this.request;
        try {
            const options = await this.suggest(this.input.value, { caret: this.input.selectionStart, signal });
            if (!signal.aborted && document.activeElement === this.input) this.show(options);
        } catch (error) {
            if (error.name !== "AbortError") this.close();
        }
    }

    show(options) {
        this.options = options;
        this.list.replaceChildren(...options.map((option, index) => el("li",
            { id: `${this.list.id}-${index}`, role: "option", "aria-selected": "false", data: { index } },
            el("span", { text: option.label }), option.detail ? el("small", { text: option.detail }) : null)));
        this.list.hidden = options.length === 0;
        this.input.setAttribute("aria-expanded", String(options.length > 0));
        this.activate(-1);
    }

    close() {
        clearTimeout(this.timer);
        this.request?.abort();
        this.show([]);
    }

    activate(index) {
        this.active = index;
        [...this.list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === index)));
        if (index < 0) this.input.removeAttribute("aria-activedescendant");
        else {
            this.input.setAttribute("aria-activedescendant", this.list.children[index].id);
            this.list.children[index].scrollIntoView({ block: "nearest" });
        }
    }

    choose(index) {
        const option = this.options[index];
        this.close();
        this.pick(option);
    }

    onKey(event) {
        const count = this.options.length;
        if (event.key === "Escape" && count) {
            event.preventDefault();
            event.stopPropagation();
            this.close();
        } else if (event.key === "ArrowDown" && !count) this.ask();
        else if (!count) return;
        else if (event.key === "ArrowDown") this.move(event, this.active + 1 >= count ? -1 : this.active + 1);
        else if (event.key === "ArrowUp") this.move(event, this.active < 0 ? count - 1 : this.active - 1);
        else if ((event.key === "Enter" || event.key === "Tab") && this.active >= 0) {
            event.preventDefault();
            this.choose(this.active);
        }
    }

    move(event, index) {
        event.preventDefault();
        this.activate(index);
    }
}
