/** The albums page: saved searches fetch their counts (hx-get in templates/searches/cards.html). */
import "likeness/base/htmx";
