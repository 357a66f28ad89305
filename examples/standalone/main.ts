import { findSurroundings } from "./surroundings.ts";
import type { Customer } from "../guest-contract.ts";

const show = (selector: string, text: string): void => {
  const element = document.querySelector(selector);
  if (element) element.textContent = text;
};

async function main(): Promise<void> {
  const surroundings = await findSurroundings();
  let customer: Customer | undefined;
  show("#who", `You are ${surroundings.userName}.`);
  surroundings.onCustomer((changed) => {
    customer = changed;
    show("#customer", changed.name);
  });
  document.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = new FormData(event.currentTarget as HTMLFormElement).get("text");
    if (typeof text !== "string") return;
    surroundings.saved({ customerId: customer?.id ?? "", text });
    show("output", text);
  });
}

main().catch(() => show("#who", "This app cannot reach its host."));
