/**
 * The files of an upload: each is hashed, asked about, sent when it is not known, and followed until it has been looked
 * at. Fires "change" (detail: the item) and "finished".
 */
import { api } from "likeness/base/api";
import { sha256 } from "likeness/upload/hash";
import { send } from "likeness/upload/send";

const PARALLEL = 3;
const PART = 4 * 1024 * 1024; // bytes; a file that is no larger goes in one request
const FOLLOW_MS = 2000;
const PATIENCE_S = 30; // where the server does not say how long to wait
const OPEN = new Set(["waiting", "hashing", "sending"]);
const FINAL_STATES = new Set(["ready", "damaged", "refused", "failed"]);

/** States: waiting, hashing, sending, paused, known, followed (stored, being looked at), done, near, refused, failed, cancelled. */
export class UploadQueue extends EventTarget {
    constructor() {
        super();
        this.items = [];
        this.running = 0;
    }

    add(files, options) {
        for (const file of files) this.items.push({ file, options, state: "waiting", share: 0, message: "", photo: null });
        this.dispatchEvent(new CustomEvent("added"));
        this.pump();
    }

    get busy() {
        return this.items.some((item) => OPEN.has(item.state));
    }

    update(item, changes) {
        Object.assign(item, changes);
        this.dispatchEvent(new CustomEvent("change", { detail: item }));
    }

    pump() {
        while (!this.held && this.running < PARALLEL) {
            const item = this.items.find((each) => each.state === "waiting");
            if (!item) break;
            this.running += 1;
            this.upload(item).finally(() => {
                this.running -= 1;
                this.pump();
                if (!this.busy) this.dispatchEvent(new Event("finished"));
            });
        }
    }

    async upload(item) {
        item.abort = new AbortController();
        const { signal } = item.abort;
        try {
            this.update(item, { state: "hashing", message: "" });
            item.sha256 ??= await sha256(item.file);
            signal.throwIfAborted();
            const known = item.options.on_duplicate === "keep" ? null : await this.known(item);
            if (known) return;
            signal.throwIfAborted();
            this.update(item, { state: "sending" });
            const { status, photo } = await this.send(item, signal);
            this.stored(item, status, photo);
        } catch (error) {
            if (error.name === "AbortError") this.stopped(item);
            else if (error.status === 429) this.hold(item, error);
            else this.update(item, { state: error.status === 415 || error.status === 413 ? "refused" : "failed", message: error.message });
        }
    }

    /** The server asks to wait: nothing more is begun until then, and the file comes again. */
    hold(item, { message, retryAfter }) {
        this.update(item, { state: "waiting", share: 0, message });
        clearTimeout(this.held);
        this.held = setTimeout(() => {
            this.held = null;
            this.pump();
        }, (retryAfter || PATIENCE_S) * 1000);
    }

    async send(item, signal) {
        const onProgress = (share) => { if (!signal.aborted) this.update(item, { share }); };
        if (item.file.size <= PART) return send(item.file, item.options, onProgress, signal);
        const { sendInParts } = await import("likeness/upload/resumable");
        const onAddress = (url) => {
            item.url = url;
            document.dispatchEvent(new CustomEvent("likeness:upload-goes-on", { detail: url }));
        };
        return sendInParts(item.file, { sha256: item.sha256, options: item.options, part: PART }, { onProgress, onAddress }, signal);
    }

    async known(item) {
        const { known } = await api("POST", "photos/check", { sha256: [item.sha256] });
        const id = known[item.sha256];
        if (id) this.update(item, { state: "known", photo: { id } });
        return id;
    }

    stored(item, status, photo) {
        if (status === 201 || ["restored", "original-put-back"].includes(photo.reason)) {
            this.update(item, { state: "followed", share: 1, photo });
            this.follow();
        } else if (photo.reason === "in-trash") this.update(item, { state: "in-trash", photo });
        else this.update(item, { state: "known", photo });
    }

    /** Ask about the stored photos until each has been looked at and compared. */
    follow() {
        if (this.timer) return;
        this.timer = setTimeout(async () => {
            this.timer = null;
            const open = this.items.filter((item) => item.state === "followed");
            if (!document.hidden) for (const item of open.slice(0, 20)) await this.look(item);
            if (this.items.some((item) => item.state === "followed")) this.follow();
            else document.dispatchEvent(new Event("likeness:uploaded"));
        }, FOLLOW_MS);
    }

    async look(item) {
        const photo = await api("GET", `photos/${item.photo.id}`).catch((error) => ({ gone: error.status === 404 }));
        if (photo.gone) this.update(item, { state: "cancelled", message: "Removed meanwhile." });
        if (!FINAL_STATES.has(photo.state)) return;
        if (photo.state === "failed" || photo.state === "refused") this.update(item, { state: photo.state, message: photo.state_reason, photo });
        else if (photo.matches.length) await this.near(item, photo);
        else if (["done", "none", "failed"].includes(photo.stages.match)) this.update(item, { state: "done", photo });
    }

    /** A photo that is like another one: tell so, with the other's picture. */
    async near(item, photo) {
        const match = photo.matches[0];
        const { photos } = await api("GET", `/grid/details?ids=${match.photo}`);
        this.update(item, { state: "near", photo, match, other: photos[0] });
    }

    /** Stop sending; what has arrived stays on the server. */
    pause(item) {
        item.pausing = true;
        item.abort.abort();
    }

    /** Go on with a paused file where it stopped. */
    resume(item) {
        this.update(item, { state: "waiting" });
        this.pump();
    }

    cancel(item) {
        if (["hashing", "sending"].includes(item.state)) item.abort.abort();
        else this.stopped(item);
    }

    stopped(item) {
        this.update(item, { state: item.pausing ? "paused" : "cancelled" });
        if (!item.pausing) this.forget(item);
        item.pausing = false;
    }

    /** Remove what has arrived of a cancelled file. What cannot be removed now, the server removes after a day. */
    async forget(item) {
        const { url } = item;
        if (!url) return;
        item.url = null;
        const { discard } = await import("likeness/upload/resumable");
        await discard(url).catch(() => null);
    }

    retry(item, options = {}) {
        this.update(item, { state: "waiting", message: "", options: { ...item.options, ...options } });
        this.pump();
    }

    async discard(item) {
        await api("DELETE", `photos/${item.photo.id}`);
        this.update(item, { state: "discarded" });
        document.dispatchEvent(new Event("likeness:uploaded"));
    }

    keep(item) {
        this.update(item, { state: "done" });
    }
}
