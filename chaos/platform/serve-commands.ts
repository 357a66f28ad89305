/** A part's side of the commands: answers each with its value or with the code of its error. */
import process from "node:process";
import { BridgeError } from "@breezeway/shared";
import { isCommand, type Reply } from "./messages.ts";

export type Commands = Readonly<Record<string, (argument: string) => Promise<string>>>;

export function serveCommands(commands: Commands): void {
  process.on("message", (message) => {
    if (!isCommand(message)) return;
    const { id, command, argument } = message;
    const run = commands[command] ?? (() => Promise.reject(new Error(`No command ${command}.`)));
    const reply = (answer: Omit<Reply, "id">): void => void process.send?.({ id, ...answer });
    run(argument).then(
      (value) => reply({ value }),
      (error: unknown) => reply({ failure: BridgeError.is(error) ? error.code : String(error) }),
    );
  });
}
