/** What every page runs: theme, floating menus, the search box, dropped pictures. */
import { startTheme } from "likeness/base/theme";
import { startSearchBox } from "likeness/search/box";
import { startDrop } from "likeness/upload/drop";

document.documentElement.dataset.scripts = "yes"; // styles hide what only browsers without scripts need

function closeMenus(except = null) {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
        if (menu !== except) menu.open = false;
    }
}

document.addEventListener("click", (event) => closeMenus(event.target.closest("details.menu")));
document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? event.target.closest?.("details.menu[open]") : null;
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
});

startTheme();
const search = document.getElementById("search-input");
if (search) {
    startSearchBox(search);
    startDrop();
}
