/** What can be done to photos, one or many: each change goes to the server, then to the grid, with undo where it fits. */
import { api } from "likeness/base/api";
import { counted } from "likeness/base/dom";
import { toast, toastError } from "likeness/base/toast";

/** Ask the server for one change of these photos (gallery/views/photo.py: bulk). Returns its answer. */
export function change(ids, fields) {
    const body = new FormData();
    body.set("ids", ids.join(","));
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    return api("POST", "/photos/bulk", body);
}

function tellRest(ids, changed) {
    const rest = ids.length - changed.length;
    if (rest > 0) toast(`${counted(rest, "photo")} left as before: only the owner and moderators may change them.`, { kind: "warn" });
}

/** Actions bound to a grid; all of them resolve when done and show their own errors. */
export class Actions {
    constructor(grid) {
        this.grid = grid;
    }

    async run(work) {
        try {
            await work();
        } catch (error) {
            toastError(error);
        }
    }

    set(ids, fields, done) {
        return this.run(async () => {
            const { changed } = await change(ids, fields);
            for (const id of changed) this.grid.source.facts.delete(id);
            if (changed.length) done(changed);
            tellRest(ids, changed);
        });
    }

    flag(ids, flag, on, fields, words) {
        return this.set(ids, fields, (changed) => {
            for (const id of changed) {
                const index = this.grid.source.indexOf(id);
                this.grid.source.setFlag(index, flag, on);
                this.grid.refresh(index);
            }
            toast(`${counted(changed.length, "photo")} ${words}.`);
        });
    }

    favourite(ids) {
        const { source } = this.grid;
        const on = !ids.every((id) => source.has(source.indexOf(id), "favourite"));
        return this.flag(ids, "favourite", on, { favourite: on ? "yes" : "no" }, on ? "marked as favourite" : "no longer favourite");
    }

    visibility(ids, visibility) {
        const words = { private: "now private", members: "now for members", public: "now public" }[visibility];
        return this.flag(ids, "private", visibility === "private", { visibility }, words);
    }

    addTags(ids, tags) {
        return this.set(ids, { add_tags: tags }, (changed) => toast(`${counted(changed.length, "photo")} tagged ${tags}.`));
    }

    removeTags(ids, tags) {
        return this.set(ids, { remove_tags: tags }, (changed) => toast(`${tags} taken from ${counted(changed.length, "photo")}.`));
    }

    album(ids, name) {
        return this.run(async () => {
            const { album } = await change(ids, { album: name });
            toast(`Added to ${album.name}.`, { action: { label: "Open", run: () => location.assign(`/albums/${album.id}`) } });
        });
    }

    /** Show the photos as one: the first of them in the grid stands for all. */
    stack(ids) {
        const { grid } = this;
        const inOrder = [...ids].sort((one, other) => grid.source.indexOf(one) - grid.source.indexOf(other));
        return this.run(async () => {
            const { photos, cover } = await api("POST", "stacks", { photos: inOrder });
            await this.reload();
            toast(`${counted(photos.length, "photo")} stacked.`, { action: { label: "Undo", run: () => this.unstack(cover) } });
        });
    }

    unstack(cover) {
        return this.run(async () => {
            await api("DELETE", `stacks/${cover}`);
            await this.reload();
        });
    }

    async reload() {
        this.grid.selection.clear();
        await this.grid.source.load();
        this.grid.layout();
    }

    trash(ids) {
        const { grid } = this;
        return this.run(async () => {
            const { changed } = await change(ids, { trash: "on" });
            const place = grid.active;
            grid.source.remove(changed);
            grid.selection.clear();
            grid.layout();
            if (grid.root.contains(document.activeElement) || document.activeElement === document.body) grid.focus(place);
            toast(`${counted(changed.length, "photo")} in the trash.`, { action: { label: "Undo", run: () => this.restore(changed) } });
            tellRest(ids, changed);
        });
    }

    restore(ids) {
        return this.run(async () => {
            for (const id of ids) await api("POST", `photos/${id}/restore`);
            await this.grid.source.load();
            this.grid.layout();
            toast(`${counted(ids.length, "photo")} restored.`);
        });
    }

    takeOut(ids, album) {
        return this.run(async () => {
            const body = new FormData();
            body.set("ids", ids.join(","));
            await api("POST", `/albums/${album}/take-out`, body);
            this.grid.source.remove(ids);
            this.grid.selection.clear();
            this.grid.layout();
            toast(`${counted(ids.length, "photo")} taken out of the album.`);
        });
    }
}
