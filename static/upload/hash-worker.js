/** SHA-256 of files, off the page's thread. Message in: {id, file, sha2} (address of @noble/hashes/sha2.js). */

const WHOLE_UP_TO = 64 * 1024 * 1024; // bytes; crypto.subtle wants the whole file in memory
const CHUNK = 4 * 1024 * 1024;

function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function digest(file, sha2) {
    if (crypto.subtle && file.size <= WHOLE_UP_TO) {
        return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
    }
    const { sha256 } = await import(sha2);
    const hash = sha256.create();
    for (let at = 0; at < file.size; at += CHUNK) {
        hash.update(new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer()));
    }
    return hex(hash.digest());
}

let queue = Promise.resolve();

addEventListener("message", ({ data: { id, file, sha2 } }) => {
    queue = queue.then(async () => {
        try {
            postMessage({ id, sha256: await digest(file, sha2) });
        } catch (error) {
            postMessage({ id, error: error.message });
        }
    });
});
