/** Keeps the group of this page for the person who looks at it, so that nobody else is given it meanwhile. */
import { api, ApiError } from "likeness/base/api";

const RENEW_MS = 40_000;

/** Claim at once, and again while the page is in sight; show who else has the group. */
export function startClaim(notice) {
    async function claim() {
        if (document.hidden) return;
        try {
            const { by } = await api("POST", notice.dataset.claim);
            notice.querySelector(".review-holder").textContent = by ?? "";
            notice.hidden = !by;
        } catch (error) {
            if (!(error instanceof ApiError)) throw error; // an unreachable server says so when something is decided
        }
    }
    claim();
    setInterval(claim, RENEW_MS);
    document.addEventListener("visibilitychange", claim);
}
