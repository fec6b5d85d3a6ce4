// SPDX-License-Identifier: Apache-2.0
// Requests to the server that this page came from: errors in its own words, keys, streams.

import { ask_for_key, known_key } from "./key.js";

export class ApiError extends Error {
  constructor(message, status = 0) {
    super(message);
    this.status = status; // 0: there was no answer
  }
}

async function send(path, { method = "GET", body, signal }) {
  const headers = {};
  if (known_key()) headers.authorization = `Bearer ${known_key()}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  try {
    return await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server does not answer; see whether hearth serve still runs.");
  }
}

async function error_of(response) {
  let message = `The server answers ${response.status}.`;
  try {
    const { error } = await response.json();
    message = (typeof error === "string" ? error : error.message) || message;
  } catch {
    // No document: the status says it.
  }
  return new ApiError(message, response.status);
}

// The response, which is a good one. Where a key is wanted and `asks`, the user is asked for it, as often as it is a wrong one.
// Throws ApiError, and AbortError where `signal` ended it.
export async function request(path, { asks = true, ...options } = {}) {
  for (;;) {
    const used = known_key();
    const response = await send(path, options);
    if (response.ok) return response;
    const error = await error_of(response);
    if (response.status !== 401 || !asks) throw error;
    if (known_key() === used && !(await ask_for_key(used ? "That key is not known to the server." : ""))) throw error;
  }
}

export async function get_json(path, options) {
  return (await request(path, options)).json();
}

// What a stream of server-sent events carries, document by document. Throws ApiError for one that is an error, and where the
// stream breaks off.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    let part;
    try {
      part = await reader.read();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new ApiError("The answer broke off: the connection was lost.");
    }
    if (part.done) throw new ApiError("The answer broke off: the server closed the connection.");
    waiting += part.value;
    for (let end = waiting.indexOf("\n\n"); end >= 0; end = waiting.indexOf("\n\n")) {
      const event = waiting.slice(0, end);
      waiting = waiting.slice(end + 2);
      if (!event.startsWith("data:")) continue;
      const data = event.slice(5).trim();
      if (data === "[DONE]") return;
      const document = JSON.parse(data);
      if (document.error) throw new ApiError(document.error.message);
      yield document;
    }
  }
}

export async function* chat(body, signal) {
  const response = await request("/v1/chat/completions", {
    method: "POST", signal, body: { ...body, stream: true, stream_options: { include_usage: true } },
  });
  yield* events(response);
}
