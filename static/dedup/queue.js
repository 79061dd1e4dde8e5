/** The list of groups: Z takes the last decision back. */
import { startKeys } from "likeness/dedup/keys";

startKeys();
