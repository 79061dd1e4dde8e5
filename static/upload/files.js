/** Files out of drops, pastes and pickers; dropped folders are walked. */

function readAll(reader) {
    return new Promise((resolve, reject) => {
        const entries = [];
        const more = () => reader.readEntries((part) => {
            if (!part.length) resolve(entries);
            else { entries.push(...part); more(); }
        }, reject);
        more();
    });
}

async function walk(entry, files) {
    if (entry.isFile) files.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    else if (entry.isDirectory) for (const child of await readAll(entry.createReader())) await walk(child, files);
}

/** System clutter that no one means to upload: .DS_Store, Thumbs.db and the like. */
function wanted(file) {
    return !file.name.startsWith(".") && !["Thumbs.db", "desktop.ini"].includes(file.name);
}

/** All files of a drop. The entries must be taken before the first await: a drop's items vanish after its event. */
export async function filesOfDrop(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (!entries.length) return [...transfer.files].filter(wanted);
    const files = [];
    for (const entry of entries) await walk(entry, files);
    return files.filter(wanted);
}

/** The files of a picker, which is emptied so that the same file can be picked again. */
export function filesOfInput(input) {
    const files = [...input.files].filter(wanted);
    input.value = "";
    return files;
}

/** Pictures on the clipboard. */
export function filesOfPaste(event) {
    return [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
}
