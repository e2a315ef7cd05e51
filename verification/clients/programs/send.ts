// Sends what every program here sends, by the TypeScript client that was generated of a running center's openapi.json.
import { createHash, createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

import { AttachmentsApi, Configuration, IntakeApi, ResponseError, Topic, ErrorBodyFromJSON } from "./media_center";
import type { ErrorBody, RequestContext } from "./media_center";

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`${name} is not set`);
  }
  return value;
}

// As docs/signing.md has it.
function signature(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return "v1," + createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
}

// Signs each request as it leaves: the bytes of a form, the hash of a file.
function signing(secret: string): { pre: (context: RequestContext) => Promise<{ url: string; init: RequestInit }> } {
  return {
    async pre({ url, init }) {
      const headers = new Headers(init.headers);
      const id = headers.get("webhook-id");
      const timestamp = headers.get("webhook-timestamp");
      if (id !== null && timestamp !== null) {
        const body =
          init.body instanceof Blob
            ? createHash("sha256").update(new Uint8Array(await init.body.arrayBuffer())).digest("hex")
            : String(init.body);
        headers.set("webhook-signature", signature(secret, id, timestamp, body));
      }
      return { url, init: { ...init, headers } };
    },
  };
}

function headers(): { webhookId: string; webhookTimestamp: string } {
  return { webhookId: randomUUID(), webhookTimestamp: String(Math.floor(Date.now() / 1000)) };
}

async function refusal(sending: Promise<unknown>): Promise<[number, ErrorBody]> {
  try {
    await sending;
  } catch (error) {
    if (error instanceof ResponseError) {
      return [error.response.status, ErrorBodyFromJSON(await error.response.json())];
    }
    throw error;
  }
  throw new Error("it was taken");
}

async function main(): Promise<void> {
  const id = given("BUS_ID");
  const configuration = new Configuration({
    basePath: given("BUS_URL"),
    middleware: [signing(given("BUS_INTAKE_SECRET"))],
  });
  const files = new AttachmentsApi(configuration);
  const forms = new IntakeApi(configuration);

  const photo = new Blob([new Uint8Array(readFileSync(given("BUS_PHOTO")))]);
  const kept = await files.keepAttachment({ ...headers(), body: photo, name: "楼道.jpg" });
  const read = await files.getAttachment({ sha256: kept.sha256 });
  const hash = createHash("sha256").update(new Uint8Array(await read.arrayBuffer())).digest("hex");
  console.log(`file ${kept.mediaType} ${hash === kept.sha256}`);

  const residentMessage = {
    messageId: id,
    clientName: "居民甲",
    category: Topic.ROAD,
    text: "楼道灯不亮 <二楼 & 三楼>",
    division: "150402006",
    photos: [kept.sha256],
    leftAt: new Date("2026-11-02T09:12:00+08:00"),
  };
  for (let time = 0; time < 2; time++) {
    const answer = await forms.sendMessage({ ...headers(), residentMessage });
    console.log(`${answer.status} ${answer.cases.map((one) => one.number).join(" ")}`);
  }
  const event = { action: "progress", text: "已联系物业" } as const;
  const messageEvent = { eventId: `${id}-1`, messageId: id, event };
  console.log(`event ${(await forms.sendMessageEvent({ ...headers(), messageEvent })).status}`);

  const wrong = { ...residentMessage, messageId: `${id}-2`, division: "nowhere" };
  const [status, told] = await refusal(forms.sendMessage({ ...headers(), residentMessage: wrong }));
  console.log(`refused ${status} ${told.code} ${told.faults?.map((fault) => fault.field).join(" ")}`);
  const stranger = new IntakeApi(new Configuration({ basePath: given("BUS_URL"), apiKey: "v1,AAAA" }));
  const [unsigned, why] = await refusal(stranger.sendMessage({ ...headers(), residentMessage }));
  console.log(`refused ${unsigned} ${why.code}`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
