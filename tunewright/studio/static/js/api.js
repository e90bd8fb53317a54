// The HTTP API of the studio: answers as values, refusals as errors that say why, server-sent events one by one.

export class Refusal extends Error {
  constructor(status, body) {
    super(body.error ?? `HTTP ${status}`);
    this.status = status;
    this.body = body;
  }
}

async function request(method, path, body, signal) {
  const isForm = body instanceof FormData;
  const response = await fetch(path, {
    method,
    signal,
    keepalive: method === "PATCH", // a small change is made even where the reader goes elsewhere meanwhile
    headers: body === undefined || isForm ? {} : { "Content-Type": "application/json" },
    body: body === undefined || isForm ? body : JSON.stringify(body),
  });
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return response;
}

export async function ask(method, path, body, signal) {
  const response = await request(method, path, body, signal);
  return response.status === 204 ? null : response.json();
}

export async function askBlob(method, path, body, signal) {
  return (await request(method, path, body, signal)).blob();
}

// Yields {event, data} as they come; leave the loop, or abort the signal, and the server stops working on it.
export async function* events(method, path, body, signal) {
  const response = await request(method, path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value.replaceAll("\r\n", "\n");
      const blocks = text.split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const fields = block.split("\n").map((line) => line.match(/^(\w+): ?(.*)$/)).filter(Boolean);
        const data = fields.filter((field) => field[1] === "data").map((field) => field[2]).join("\n");
        if (data) yield { event: fields.find((field) => field[1] === "event")?.[2] ?? "message", data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
