/** The jobs page asks for its counts again and again while it is seen (hx-trigger in templates/jobs/counts.html). */
import "likeness/base/htmx";
