/** Searching with a picture: it waits in the browser's own database while the search page opens, and is not kept. */

const STORE = "example";

function database() {
    return new Promise((resolve, reject) => {
        const request = indexedDB.open("likeness", 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE);
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
    });
}

async function inStore(mode, work) {
    const db = await database();
    try {
        const transaction = db.transaction(STORE, mode);
        const request = work(transaction.objectStore(STORE));
        return await new Promise((resolve, reject) => {
            transaction.oncomplete = () => resolve(request.result);
            transaction.onerror = () => reject(transaction.error);
        });
    } finally {
        db.close();
    }
}

/** Go to the search page with this picture; words in the box go with it. */
export async function searchByPicture(file) {
    await inStore("readwrite", (store) => store.put(file, "file"));
    const words = document.getElementById("search-input")?.value ?? "";
    location.assign(`/search?q=${encodeURIComponent(words)}&example=${Date.now()}`);
}

/** The picture that waits, or undefined. */
export function waitingPicture() {
    return inStore("readonly", (store) => store.get("file"));
}

export function forgetPicture() {
    return inStore("readwrite", (store) => store.delete("file"));
}
