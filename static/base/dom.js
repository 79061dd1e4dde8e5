/** Small helpers to build elements without markup strings. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `class`, `text`, `on` ({event: listener}) and `data` ({name: value}) are special; other keys are
 * attributes; false, null and undefined leave an attribute out; true sets it empty.
 */
export function el(tag, options = {}, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(options)) {
        if (key === "class") node.className = value;
        else if (key === "text") node.textContent = value;
        else if (key === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
        else if (key === "data") Object.assign(node.dataset, value);
        else if (value === true) node.setAttribute(key, "");
        else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
    return node;
}

/** An icon of the page's sheet (see SCRIPT_ICONS); decoration unless a label is given. */
export function icon(name, label = "") {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "icon");
    if (label) {
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", label);
    } else {
        svg.setAttribute("aria-hidden", "true");
    }
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#icon-${name}`);
    svg.append(use);
    return svg;
}

/** "1 photo", "2 photos". */
export function counted(count, one, many = `${one}s`) {
    return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** A size in bytes in words, decimal units as disks and cameras give them. */
export function bytesInWords(bytes) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let value = bytes;
    let unit = 0;
    while (value >= 1000 && unit < units.length - 1) {
        value /= 1000;
        unit += 1;
    }
    return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
