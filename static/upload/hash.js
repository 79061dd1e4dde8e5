/** SHA-256 of a file, computed in a worker. */

let worker = null;
let last = 0;
const waiting = new Map();

function start() {
    worker = new Worker(import.meta.resolve("likeness/upload/hash-worker"), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
        const { resolve, reject } = waiting.get(data.id);
        waiting.delete(data.id);
        if (data.error) reject(new Error(data.error));
        else resolve(data.sha256);
    });
    worker.addEventListener("error", () => {
        for (const { reject } of waiting.values()) reject(new Error("The file could not be read."));
        waiting.clear();
    });
}

/** The digest as 64 hex digits. Rejects when the file cannot be read (moved, no permission). */
export function sha256(file) {
    if (!worker) start();
    last += 1;
    const id = last;
    return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        worker.postMessage({ id, file, sha2: import.meta.resolve("sha2") });
    });
}
