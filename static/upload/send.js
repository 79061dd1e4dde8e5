/** One file to the server, with progress: XMLHttpRequest, because fetch tells nothing about bytes sent. */
import { ApiError, csrfToken, errorText } from "likeness/base/api";

/**
 * @param {File} file
 * @param {object} options fields beside the file (tags, album, visibility, on_duplicate)
 * @param {(share: number) => void} onProgress hears 0..1
 * @param {AbortSignal} signal
 * @returns {Promise<{status: number, photo: object}>} rejects with ApiError
 */
export function send(file, options, onProgress, signal) {
    const body = new FormData();
    for (const [name, value] of Object.entries(options)) if (value) body.append(name, value);
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/photos");
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.setRequestHeader("Accept", "application/json");
    signal.addEventListener("abort", () => request.abort());
    return new Promise((resolve, reject) => {
        request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); });
        request.addEventListener("load", () => {
            if (request.status < 300) resolve({ status: request.status, photo: request.response });
            else reject(new ApiError(errorText(request.status, request.response), request.status, request.response?.code ?? "", request.getResponseHeader("Retry-After")));
        });
        request.addEventListener("error", () => reject(new ApiError(errorText(0), 0, "unreachable")));
        request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
        request.send(body);
    });
}
