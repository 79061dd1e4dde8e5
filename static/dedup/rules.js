/** The page of keeper rules: a trial among many groups goes on by itself. */
import "likeness/base/htmx";
