/** The ways to compare two photos: side by side, swipe, difference; holding Space shows the right one alone. */
const MODES = ["side", "swipe", "difference"];
const REMEMBERED = "review-mode";

function show(stage, mode) {
    stage.dataset.mode = mode;
    stage.querySelector(".sides").hidden = mode !== "side";
    stage.querySelector(".overlay").hidden = mode === "side";
    for (const slider of stage.querySelectorAll(".stage-slider")) {
        slider.hidden = !slider.dataset.for.split(" ").includes(mode);
    }
    for (const button of stage.querySelectorAll("button[data-mode]")) {
        button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
    }
}

/** Everything right of `share` (0..1 of the width) shows the right photo. */
function moveSwipe(stage, share) {
    const svg = stage.querySelector(".overlay .picture");
    const [, , width] = svg.dataset.full.split(" ").map(Number);
    const rect = svg.querySelector(".swipe-rect");
    rect.setAttribute("x", width * share);
    rect.setAttribute("width", width * (1 - share));
    const line = svg.querySelector(".swipe-line");
    line.setAttribute("x1", width * share);
    line.setAttribute("x2", width * share);
}

function setGain(stage, gain) {
    for (const channel of stage.querySelectorAll("#gain-filter [slope]")) channel.setAttribute("slope", gain);
}

function isControl(target) {
    return target instanceof Element && target.closest("a, button, input, select, textarea, summary, dialog") !== null;
}

function startBlink(stage) {
    let before = null;
    document.addEventListener("keydown", (event) => {
        if (event.key !== " " || isControl(event.target)) return;
        event.preventDefault();
        if (before !== null || document.body.dataset.singleKeys === "off") return;
        before = stage.dataset.mode;
        show(stage, "blink");
    });
    const release = () => {
        if (before === null) return;
        show(stage, before);
        before = null;
    };
    document.addEventListener("keyup", (event) => { if (event.key === " ") release(); });
    addEventListener("blur", release);
}

export function startStage(stage) {
    for (const svg of stage.querySelectorAll(".picture")) svg.dataset.full = svg.getAttribute("viewBox");
    const swipe = stage.querySelector(".swipe-at");
    const gain = stage.querySelector(".gain");
    swipe.addEventListener("input", () => moveSwipe(stage, swipe.value / 100));
    gain.addEventListener("input", () => setGain(stage, gain.value));
    for (const button of stage.querySelectorAll("button[data-mode]")) {
        button.addEventListener("click", () => {
            show(stage, button.dataset.mode);
            localStorage.setItem(REMEMBERED, button.dataset.mode);
        });
    }
    startBlink(stage);
    moveSwipe(stage, swipe.value / 100);
    setGain(stage, gain.value);
    const remembered = localStorage.getItem(REMEMBERED);
    show(stage, MODES.includes(remembered) ? remembered : "side");
}
