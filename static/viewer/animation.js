/** Whether an animation moves: by itself, unless its reader has asked for less motion; a button starts and stops it. */

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");
const chosen = new Map(); // photo id to whether it shall move

export const moves = (id) => chosen.get(id) ?? !lessMotion.matches;

export function turn(id) {
    chosen.set(id, !moves(id));
}
