import { BridgeError } from "@breezeway/shared";
import { expect, it } from "vitest";
import { createOpenExchanges, type OpenExchange } from "./open-exchanges.ts";

interface Probe extends OpenExchange {
  readonly name: string;
}

it("removes exchanges in any order, and the same one twice without affecting others", async () => {
  const open = createOpenExchanges();
  const ended: string[] = [];
  const probe = (name: string): Probe => ({
    name,
    session: undefined,
    route: undefined,
    startedAtMs: 0,
    activeAtMs: 0,
    sentAtMs: 0,
    isUpgraded: false,
    isAnswering: false,
    awaitsClient: false,
    place: -1,
    names: undefined,
    end(this: Probe) {
      ended.push(name);
      open.delete(this);
    },
  });
  const [first, second, third, fourth] = ["1", "2", "3", "4"].map(probe) as [
    Probe,
    Probe,
    Probe,
    Probe,
  ];
  for (const exchange of [first, second, third, fourth]) open.add(exchange);
  open.delete(second);
  open.delete(second);
  open.delete(fourth);
  expect(open.size).toBe(2);
  const idle = open.idle();
  expect(
    open.endWhere(
      () => true,
      () => new BridgeError("CALL_ABORTED", "Over."),
    ),
  ).toBe(2);
  expect(ended.toSorted()).toEqual(["1", "3"]);
  expect(open.size).toBe(0);
  await idle;
  open.close();
});
