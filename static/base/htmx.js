/** htmx with the CSRF token on its requests; pages that use hx-* import this module. */
import htmx from "htmx";
import { csrfToken, errorText } from "likeness/base/api";
import { toast } from "likeness/base/toast";

document.body.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRFToken"] = csrfToken();
});

document.body.addEventListener("htmx:responseError", (event) => {
    toast(errorText(event.detail.xhr.status), { kind: "danger" });
});

// Pages that ask again and again rest while nobody sees them.
document.body.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.getAttribute("hx-trigger")?.startsWith("every")) event.preventDefault();
});

export default htmx;
