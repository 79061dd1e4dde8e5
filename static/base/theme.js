/** The theme switch: kept in a cookie, so that the server draws the page in the right theme from the first byte. */

const YEAR_SECONDS = 365 * 24 * 3600;

/** Keep a small choice of this browser; an empty value forgets it. */
export function keepChoice(name, value) {
    const age = value ? YEAR_SECONDS : 0;
    document.cookie = `${name}=${value}; path=/; max-age=${age}; samesite=lax`;
}

function show() {
    const chosen = document.documentElement.dataset.theme ?? "";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
        button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
    }
}

export function startTheme() {
    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-theme-choice]");
        if (!button) return;
        const choice = button.dataset.themeChoice;
        if (choice) document.documentElement.dataset.theme = choice;
        else delete document.documentElement.dataset.theme;
        keepChoice("theme", choice);
        show();
    });
    show();
}
