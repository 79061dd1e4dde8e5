/** One large file to the server in parts (the tus protocol): what has arrived once is not sent again. */
import "tus";
import { ApiError, api, csrfToken, errorText } from "likeness/base/api";

const { tus } = window;

/** Beyond the 30 s after which the server gives up a connection that has fallen silent. */
const RETRY_MS = [500, 1000, 3000, 5000, 10_000, 20_000];
const WORTH_ANOTHER_TRY = new Set([0, 409, 423, 500, 502, 503, 504]);

function headers() {
    return { "X-CSRFToken": csrfToken(), Accept: "application/json" };
}

function statusOf(error) {
    return error.originalResponse?.getStatus() ?? 0;
}

function parsed(response) {
    try {
        return JSON.parse(response.getBody());
    } catch {
        return null; // HEAD has no body, and a proxy's own errors are no JSON
    }
}

function asApiError(error) {
    const body = error.originalResponse ? parsed(error.originalResponse) : null;
    return new ApiError(errorText(statusOf(error), body), statusOf(error), body?.code ?? "", error.originalResponse?.getHeader("Retry-After"));
}

/** What the last answer says of the photo; of an upload that was finished before, its headers know. */
function result(response) {
    const outcome = response.getHeader("Upload-Outcome");
    const isNew = outcome === "created";
    const photo = parsed(response) ?? { id: Number(response.getHeader("Upload-Photo")), reason: isNew ? "" : outcome };
    return { status: isNew ? 201 : 200, photo };
}

/** Where a file of this content was begun before and not finished, if it was. */
async function begunBefore(sha256, size) {
    const { uploads } = await api("GET", `/uploads/?sha256=${sha256}`);
    return uploads.find((each) => each.length === size)?.url;
}

/** Forget an unfinished upload, here and on the server. */
export function discard(url) {
    return tus.Upload.terminate(new URL(url, location.href).href, { headers: headers(), retryDelays: RETRY_MS });
}

/**
 * @param {File} file
 * @param {{sha256: string, options: object, part: number}} how the file's digest in hexadecimal digits; tags, album,
 *     visibility and on_duplicate; bytes of a request
 * @param {{onProgress: (share: number) => void, onAddress: (url: string) => void}} hear
 * @param {AbortSignal} signal stops sending; what has arrived stays on the server
 * @returns {Promise<{status: number, photo: object}>} rejects with ApiError
 */
export async function sendInParts(file, { sha256, options, part }, hear, signal) {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value));
    const before = await begunBefore(sha256, file.size);
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
        const upload = new tus.Upload(file, {
            endpoint: new URL("/uploads/", location.href).href,
            uploadUrl: before ? new URL(before, location.href).href : null,
            metadata: { ...given, filename: file.name, sha256 },
            headers: headers(),
            chunkSize: part,
            retryDelays: RETRY_MS,
            storeFingerprintForResuming: false, // the server knows what was begun, in any browser
            onShouldRetry: (error) => WORTH_ANOTHER_TRY.has(statusOf(error)),
            onUploadUrlAvailable: () => hear.onAddress(new URL(upload.url).pathname),
            onProgress: (sent, total) => hear.onProgress(sent / total),
            onSuccess: ({ lastResponse }) => resolve(result(lastResponse)),
            onError: (error) => reject(asApiError(error)),
        });
        signal.addEventListener("abort", () => {
            upload.abort();
            reject(signal.reason);
        });
        upload.start();
    });
}
