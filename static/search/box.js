/** The search box of every page: completion at the caret, "/" to focus. */
import { api } from "likeness/base/api";
import { Combobox } from "likeness/base/combobox";
import { bindKeys } from "likeness/base/keys";

export function startSearchBox(input) {
    new Combobox(input, {
        suggest: async (text, { caret, signal }) => {
            const query = `/search/suggest?text=${encodeURIComponent(text)}&caret=${caret}`;
            return (await api("GET", query, undefined, { signal })).suggestions;
        },
        pick: ({ start, end, insert }) => {
            const text = input.value;
            const rest = text.slice(end).replace(/^ /, insert.endsWith(" ") ? "" : " ");
            input.value = text.slice(0, start) + insert + rest;
            input.setSelectionRange(start + insert.length, start + insert.length);
            input.focus();
        },
    });
    bindKeys({ "/": () => { input.focus(); input.select(); } });
    input.addEventListener("keydown", (event) => { if (event.key === "Escape" && !input.value) input.blur(); });
}
