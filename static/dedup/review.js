/** One group of the review queue: keys, ways to compare, zoom. */
import { startClaim } from "likeness/dedup/claim";
import { startKeys } from "likeness/dedup/keys";
import { startStage } from "likeness/dedup/stage";
import { startZoom } from "likeness/dedup/zoom";

const stage = document.querySelector(".stage");
if (stage) {
    startStage(stage);
    startZoom(stage);
}
const claim = document.querySelector("[data-claim]");
if (claim) startClaim(claim);
startKeys();
