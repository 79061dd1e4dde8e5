/** The photo page. */
import { bindKeys } from "likeness/base/keys";
import { startAnimation } from "likeness/photo/animation";
import { startPhotoForm } from "likeness/photo/form";
import { startSimilar } from "likeness/photo/similar";

const main = document.getElementById("main");
const follow = (selector) => () => document.querySelector(selector)?.click();

startAnimation(main);
startPhotoForm(main);
startSimilar(main);
bindKeys({
    ArrowLeft: follow('a[rel="prev"]'),
    ArrowRight: follow('a[rel="next"]'),
    f: follow('input[name="favourite"]'),
    s: follow("a.find-similar"),
    Delete: follow(".trash-form button"),
});
