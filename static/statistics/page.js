/** The page of numbers counts old numbers anew once it is there (hx-trigger in templates/statistics/numbers.html). */
import "likeness/base/htmx";
