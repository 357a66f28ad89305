/** Data that the shell's server wrote into the page. It is public and the same for everybody. */
import { parseJsonWith } from "@breezeway/shared/schemas";
import * as z from "zod/mini";

const pageDataSchema = z.object({
  gatewayUrl: z.string(),
  issuerUrl: z.string(),
  people: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      title: z.string(),
      tenants: z.array(z.string()),
    }),
  ),
  tenantNames: z.record(z.string(), z.string()),
});

export type PageData = z.infer<typeof pageDataSchema>;
export type DemoPerson = PageData["people"][number];

export function readPageData(): PageData {
  const text = document.getElementById("page-data")?.textContent ?? "";
  return parseJsonWith(pageDataSchema, text, { code: "CONFIG_INVALID", source: "page data" });
}
