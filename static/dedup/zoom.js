/** Zoom and pan, locked across all drawings of the stage and kept when the way to compare changes. */
const STEP = 1.5;
const DEEPEST = 16;

/** Shared view: `scale` >= 1, and the centre in shares of the picture. */
const view = { scale: 1, x: 0.5, y: 0.5 };

function clamp(value, low, high) {
    return Math.min(high, Math.max(low, value));
}

function apply(stage) {
    const half = 0.5 / view.scale;
    view.x = clamp(view.x, half, 1 - half);
    view.y = clamp(view.y, half, 1 - half);
    for (const svg of stage.querySelectorAll(".picture")) {
        const [, , width, height] = svg.dataset.full.split(" ").map(Number);
        const box = [(view.x - half) * width, (view.y - half) * height, width / view.scale, height / view.scale];
        svg.setAttribute("viewBox", box.join(" "));
    }
    stage.classList.toggle("is-zoomed", view.scale > 1);
}

function zoom(stage, factor) {
    view.scale = clamp(view.scale * factor, 1, DEEPEST);
    apply(stage);
}

function startDrag(stage, svg) {
    let last = null;
    svg.addEventListener("pointerdown", (event) => {
        if (view.scale === 1) return;
        last = event;
        svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
        if (!last) return;
        const box = svg.getBoundingClientRect();
        view.x -= (event.clientX - last.clientX) / box.width / view.scale;
        view.y -= (event.clientY - last.clientY) / box.height / view.scale;
        last = event;
        apply(stage);
    });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { last = null; });
}

export function startZoom(stage) {
    const actions = {
        in: () => zoom(stage, STEP),
        out: () => zoom(stage, 1 / STEP),
        fit: () => zoom(stage, 0),
    };
    for (const button of stage.querySelectorAll("[data-zoom]")) {
        button.addEventListener("click", actions[button.dataset.zoom]);
    }
    for (const svg of stage.querySelectorAll(".picture")) {
        startDrag(stage, svg);
        svg.addEventListener("wheel", (event) => {
            if (!event.ctrlKey) return; // plain scrolling stays with the page
            event.preventDefault();
            zoom(stage, event.deltaY < 0 ? STEP : 1 / STEP);
        }, { passive: false });
    }
}
