/** Requests to the API from a page: session cookie, CSRF token, errors as exceptions with the server's sentence. */

export class ApiError extends Error {
    /** `retryAfter`: the header Retry-After of the answer, seconds to wait. */
    constructor(message, status, code, retryAfter = null) {
        super(message);
        this.status = status;
        this.code = code;
        this.retryAfter = Number(retryAfter) || 0;
    }
}

export function csrfToken() {
    return document.querySelector('meta[name="csrf-token"]').content;
}

/** The sentence of an error answer, whatever its shape. */
export function errorText(status, body) {
    if (typeof body?.detail === "string") return body.detail;
    if (status === 0) return "The server could not be reached. Is it still running?";
    if (status === 401 || status === 403) return "You are signed out or may not do this. Sign in again.";
    return `The server answered with ${status}.`;
}

/**
 * Call `path` below /api/v1/ ("photos/12") or an absolute path ("/grid/layout"). A FormData body is sent as it is,
 * anything else as JSON. Returns the parsed answer, or null where it is empty.
 */
export async function api(method, path, body, { signal } = {}) {
    const headers = { Accept: "application/json", "X-CSRFToken": csrfToken() };
    const options = { method, headers, signal, credentials: "same-origin" };
    if (body instanceof FormData) options.body = body;
    else if (body !== undefined) {
        headers["Content-Type"] = "application/json";
        options.body = JSON.stringify(body);
    }
    let response;
    try {
        response = await fetch(path.startsWith("/") ? path : `/api/v1/${path}`, options);
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new ApiError(errorText(0), 0, "unreachable");
    }
    const text = await response.text();
    const answer = text && response.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : null;
    if (!response.ok) throw new ApiError(errorText(response.status, answer), response.status, answer?.code ?? "", response.headers.get("Retry-After"));
    return answer;
}
