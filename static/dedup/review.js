/** One group of the review queue: keys, ways to compare, zoom. */
import { startKeys } from "likeness/dedup/keys";
import { startStage } from "likeness/dedup/stage";
import { startZoom } from "likeness/dedup/zoom";

const stage = document.querySelector(".stage");
if (stage) {
    startStage(stage);
    startZoom(stage);
}
startKeys();
