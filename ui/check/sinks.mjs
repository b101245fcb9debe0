// Where messages go in a journey: a mail server that speaks as much SMTP (RFC 5321) as a client needs, and an SMS gateway as docs/messages.md
// describes it. Both run in this process, on ports of this machine that the system chose, and keep what they took over.
import { createHmac, timingSafeEqual } from "node:crypto";
import http from "node:http";
import net from "node:net";

async function listen(server) {
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  server.unref();
  return server.address().port;
}

/** A mail server. Recipients whose address begins with one of `refused` are refused for ever, others while it is `busy`; both may change. */
export async function mailServer() {
  const sink = { mails: [], refused: [], busy: false, url: "" };
  const server = net.createServer((socket) => converse(socket, sink));
  sink.url = `smtp://127.0.0.1:${await listen(server)}`;
  return sink;
}

function converse(socket, sink) {
  socket.setEncoding("utf8");
  const say = (line) => socket.write(`${line}\r\n`);
  let [rest, data, mail] = ["", undefined, { to: [] }];
  const hear = (line) => {
    if (data !== undefined) {
      if (line !== ".") return data.push(line.replace(/^\.\./, "."));
      sink.mails.push({ ...mail, text: data.join("\n") });
      [data, mail] = [undefined, { to: [] }];
      return say(`250 2.0.0 Ok: queued as M${sink.mails.length}`);
    }
    const [word] = line.toUpperCase().split(/[ :]/);
    const address = line.match(/<([^>]*)>/)?.[1] ?? "";
    if (word === "EHLO" || word === "HELO") return say("250 sink");
    if (word === "RCPT" && sink.refused.some((name) => address.startsWith(name))) return say("550 5.1.1 No such user");
    if (word === "RCPT" && sink.busy) return say("451 4.3.0 Not now");
    if (word === "RCPT") mail.to.push(address);
    if (word === "RSET") mail = { to: [] };
    if (word === "DATA") {
      data = [];
      return say("354 Go on");
    }
    say(word === "QUIT" ? "221 2.0.0 Bye" : "250 2.0.0 Ok");
    if (word === "QUIT") socket.end();
  };
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\r\n");
    rest = lines.pop();
    lines.forEach(hear);
  });
  socket.on("error", () => {});
  say("220 sink ESMTP");
}

/** An SMS gateway that checks the signature of what it is posted. */
export async function gateway(key) {
  const sink = { posted: [], unsigned: 0, url: "" };
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    if (!isSigned(request.headers["x-jiantong-signature"] ?? "", body, key)) {
      sink.unsigned += 1;
      return response.writeHead(401).end();
    }
    sink.posted.push({ key: request.headers["idempotency-key"], ...JSON.parse(body) });
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ id: `sms-${sink.posted.length}` }));
  });
  sink.url = `http://127.0.0.1:${await listen(server)}/send`;
  return sink;
}

function isSigned(header, body, key) {
  const [, t, v1] = header.match(/^t=(\d+),v1=([0-9a-f]{64})$/) ?? [];
  if (!t || Math.abs(Date.now() / 1000 - Number(t)) > 300) return false;
  const wanted = createHmac("sha256", key).update(`${t}.`).update(body).digest();
  return timingSafeEqual(wanted, Buffer.from(v1, "hex"));
}
