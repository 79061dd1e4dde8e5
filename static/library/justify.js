/**
 * Justified rows by shortest path: Knuth & Plass, "Breaking Paragraphs into Lines" (1981), with photos for words.
 *
 * Every way to break the photos into rows is a path from the first photo to the end; a row costs the squared logarithm
 * of how much taller or lower than wanted it becomes when stretched to the full width. The cheapest path wins, so no row
 * is bad because the row before it was greedy. About ten rows are tried per photo.
 */

const TALLEST = 1.6; // times the wanted height; beyond that a row is not stretched
const LOWEST = 0.55; // times the wanted height; below that no photo joins the row
const LOOSE_COST = 0.12; // of a last row that stays at the wanted height instead of filling the width

/**
 * @param {ArrayLike<number>} ratios width / height of each photo
 * @param {number} start first photo, end: one past the last
 * @param {number} width px of a full row; target: wanted height px; gap: px between photos
 * @returns {{start: number, end: number, height: number}[]} rows in order
 */
export function justify(ratios, start, end, width, target, gap) {
    const count = end - start;
    const cost = new Float64Array(count + 1).fill(Infinity);
    const from = new Int32Array(count + 1);
    const height = new Float64Array(count + 1);
    cost[0] = 0;
    for (let i = 0; i < count; i += 1) {
        let sum = 0;
        for (let j = i + 1; j <= count; j += 1) {
            sum += ratios[start + j - 1];
            let h = (width - gap * (j - i - 1)) / sum;
            if (h < LOWEST * target && j > i + 1) break;
            let c = Math.log(h / target) ** 2;
            if (h > TALLEST * target) {
                if (j < count) c += 100; // only where nothing else fits
                else [h, c] = [target, LOOSE_COST];
            }
            if (cost[i] + c < cost[j]) {
                cost[j] = cost[i] + c;
                from[j] = i;
                height[j] = h;
            }
        }
    }
    const rows = [];
    for (let j = count; j > 0; j = from[j]) rows.push({ start: start + from[j], end: start + j, height: height[j] });
    return rows.reverse();
}
