/** The account page: the switch of single-key shortcuts, kept in a cookie as the theme is. */
import { keepChoice } from "likeness/base/theme";

document.querySelector("[data-single-keys-choice]").addEventListener("change", (event) => {
    keepChoice("single_keys", event.target.checked ? "" : "off");
    document.body.dataset.singleKeys = event.target.checked ? "on" : "off";
});
