/** The page asks how far the bulk decision is while it goes on (hx-trigger in templates/dedup/bulk_state.html). */
import "likeness/base/htmx";
