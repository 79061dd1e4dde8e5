/**
 * The viewer over the grid. The address follows the photo, Back closes, and on closing the focus returns to the tile of
 * the photo seen last. The original is loaded only past 1:1 of the large preview, by the browser's own choice in srcset.
 */
import PhotoSwipe from "photoswipe";
import { el, icon } from "likeness/base/dom";
import { bindKeys } from "likeness/base/keys";
import { moves, turn } from "likeness/viewer/animation";
import { ViewerPanel } from "likeness/viewer/panel";

const LARGE = 1440; // px, long side of the largest preview
const SHOWN_BY_BROWSERS = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"]);
const AHEAD = 3; // photos on either side whose facts are fetched

/** Take the page below out of reach of keyboard and screen readers while the viewer lies over it. */
function setBehind(behind) {
    for (const part of document.querySelectorAll(".site-header, .site-nav, #main")) part.inert = behind;
    document.body.classList.toggle("viewer-open", behind);
}

/** Whether a photo is an animation that this browser can show. */
function playable(source, index) {
    return source.has(index, "animated") && SHOWN_BY_BROWSERS.has(source.facts.get(source.ids[index])?.media_type);
}

/** What PhotoSwipe shows for a photo; sizes are guessed from the shape until the facts are there. */
function slide(source, index) {
    const photo = source.facts.get(source.ids[index]);
    const ratio = source.ratios[index];
    const width = photo?.width ?? Math.round(ratio >= 1 ? LARGE : LARGE * ratio);
    const height = photo?.height ?? Math.round(ratio >= 1 ? LARGE / ratio : LARGE);
    const large = source.preview(index, LARGE);
    const largeWidth = Math.round(Math.min(1, LARGE / Math.max(width, height)) * width);
    const sizes = [`${source.preview(index, 720)} ${Math.round(largeWidth / 2)}w`, `${large} ${largeWidth}w`];
    const original = photo && SHOWN_BY_BROWSERS.has(photo.media_type);
    if (original && width > largeWidth && !source.has(index, "animated")) sizes.push(`${photo.original}?inline=1 ${width}w`);
    if (playable(source, index) && moves(photo.id)) return { src: `${photo.original}?inline=1`, width, height, alt: photo.label };
    return { src: large, srcset: sizes.join(", "), width, height, msrc: source.preview(index, 320), alt: photo?.label ?? "" };
}

function button(pswp, { name, label, glyph, order, run, pressed }) {
    pswp.ui.registerElement({
        name, order, isButton: true, title: label, ariaLabel: label, html: icon(glyph).outerHTML,
        onInit: (node) => {
            node.classList.add("viewer-button");
            if (pressed) pswp.on("viewerState", () => node.setAttribute("aria-pressed", String(pressed())));
        },
        onClick: run,
    });
}

class Viewer {
    constructor({ grid, actions, index }) {
        this.grid = grid;
        this.source = grid.source;
        this.actions = actions;
        this.panel = new ViewerPanel({ onResize: () => this.pswp?.updateSize(true), onChange: (id) => this.changed(id) });
        this.ended = new AbortController();
        this.pswp = new PhotoSwipe({
            index,
            dataSource: { numItems: this.source.count },
            loop: false,
            bgOpacity: 1,
            wheelToZoom: true,
            returnFocus: false,
            trapFocus: false,
            showHideAnimationType: "fade",
            secondaryZoomLevel: 1,
            maxZoomLevel: 4,
            paddingFn: () => ({ top: 60, bottom: 0, left: 0, right: 0 }), // the buttons lie above the picture
            preload: [1, 2],
            closeTitle: "Close (Esc)", zoomTitle: "Zoom", arrowPrevTitle: "Previous", arrowNextTitle: "Next",
            getViewportSizeFn: () => ({ x: innerWidth - this.panel.width, y: innerHeight - this.panel.height }),
        });
        this.pswp.addFilter("numItems", () => this.source.count);
        this.pswp.addFilter("itemData", (_, at) => slide(this.source, at));
        this.listen();
    }

    get id() {
        return this.source.ids[this.pswp.currIndex];
    }

    listen() {
        const { pswp } = this;
        pswp.on("uiRegister", () => this.buttons());
        pswp.on("change", () => this.follow());
        pswp.on("close", () => this.panel.hide());
        pswp.on("destroy", () => this.end());
        this.unbind = bindKeys({
            i: () => this.panel.toggle(this.id),
            f: () => this.favourite(),
            p: () => this.play(),
            s: () => location.assign(`/search?q=similar:${this.id}`),
            Delete: () => this.trash(),
            "+": () => pswp.currSlide.zoomTo(Math.min(4, pswp.currSlide.currZoomLevel * 1.5), undefined, 200),
            "-": () => pswp.currSlide.zoomTo(Math.max(pswp.currSlide.zoomLevels.fit, pswp.currSlide.currZoomLevel / 1.5), undefined, 200),
            0: () => pswp.currSlide.zoomTo(pswp.currSlide.zoomLevels.fit, undefined, 200),
            1: () => pswp.currSlide.zoomTo(1, undefined, 200),
        });
        const { signal } = this.ended;
        addEventListener("popstate", () => this.close(), { signal });
        addEventListener("keydown", ({ key }) => key === "Escape" && this.close(), { signal });
    }

    close() { // as soon as it can: PhotoSwipe passes over what it is told while it opens
        const { pswp } = this;
        return pswp.opener.isOpen ? pswp.close() : pswp.on("openingAnimationEnd", () => pswp.close());
    }

    buttons() {
        const { pswp } = this;
        const mayEdit = () => this.source.facts.get(this.id)?.editable;
        const favourite = () => this.source.has(pswp.currIndex, "favourite");
        button(pswp, { name: "info", label: "Information (I)", glyph: "info", order: 9, run: () => this.panel.toggle(this.id) });
        button(pswp, { name: "similar", label: "Similar photos (S)", glyph: "scan-search", order: 8, run: () => location.assign(`/search?q=similar:${this.id}`) });
        button(pswp, { name: "favourite", label: "Favourite (F)", glyph: "heart", order: 7, run: () => this.favourite(), pressed: favourite });
        button(pswp, { name: "download", label: "Download the original", glyph: "download", order: 7, run: () => location.assign(`/media/originals/${this.id}`) });
        button(pswp, { name: "trash", label: "Move to the trash (Delete)", glyph: "trash-2", order: 7, run: () => mayEdit() && this.trash() });
        button(pswp, { name: "play", label: "Play or stop the animation (P)", glyph: "play", order: 8, run: () => this.play(), pressed: () => moves(this.id) });
        pswp.ui.registerElement({ name: "caption", order: 6, appendTo: "root", onInit: (node) => { this.caption = node; } });
    }

    async follow() {
        const { pswp, source } = this;
        const at = pswp.currIndex;
        history.replaceState({ viewer: true }, "", `/photos/${this.id}`);
        this.panel.show(this.id);
        this.state();
        const near = [];
        for (let index = at - AHEAD; index <= at + AHEAD; index += 1) if (index >= 0 && index < source.count) near.push(index);
        const unknown = near.filter((index) => !source.facts.has(source.ids[index]));
        if (at + 20 > source.count) source.loadMore();
        await source.details(near).catch(() => undefined);
        for (const index of unknown) if (pswp.isOpen) pswp.refreshSlideContent(index);
        this.state();
    }

    state() {
        this.pswp.dispatch("viewerState");
        this.pswp.element?.classList.toggle("viewer-animated", playable(this.source, this.pswp.currIndex));
        if (this.caption) this.caption.textContent = this.source.facts.get(this.id)?.title ?? "";
    }

    play() {
        const at = this.pswp.currIndex;
        if (!playable(this.source, at)) return;
        turn(this.id);
        this.pswp.refreshSlideContent(at);
        this.state();
    }

    async favourite() {
        await this.actions.favourite([this.id]);
        this.state();
        this.panel.show(this.id, { again: true });
    }

    async trash() {
        await this.actions.trash([this.id]);
        const { pswp, source } = this;
        if (!source.count) return this.close();
        const at = Math.min(pswp.currIndex, source.count - 1);
        for (let index = at - 2; index <= at + 2; index += 1) if (index >= 0 && index < source.count) pswp.refreshSlideContent(index);
        if (at !== pswp.currIndex) pswp.goTo(at);
        else this.follow();
        return undefined;
    }

    changed(id) {
        this.source.facts.delete(id);
        this.follow();
    }

    end() {
        this.unbind();
        this.ended.abort();
        this.panel.remove();
        setBehind(false);
        if (history.state?.viewer) history.back();
        this.grid.focus(this.pswp.currIndex);
    }

    open() {
        setBehind(true);
        history.pushState({ viewer: true }, "", `/photos/${this.source.ids[this.pswp.options.index]}`);
        this.pswp.init();
        this.pswp.element.setAttribute("aria-label", "Photo viewer");
        this.pswp.element.focus({ preventScroll: true });
        document.body.append(this.panel.element);
        this.pswp.element.append(el("span", { class: "visually-hidden", text: "Arrow keys change the photo, I shows information, Escape closes." }));
    }
}

export function openViewer(options) {
    const viewer = new Viewer(options);
    viewer.open();
    return viewer;
}
