/**
 * The page around the guest under test. Arguments and capabilities are checked as a real host does;
 * what it would show is written down, and the test answers in the person's place. There is no person to
 * click, so nothing needs a click here, and nothing is too often; but of dialogs there is one at a time.
 */
import {
  BridgeError,
  BUILT_IN_METHODS,
  isRecord,
  SURFACE_CAPABILITIES,
  type ConfirmOptions,
  type FrameSize,
  type GuestModal,
  type ToastTone,
} from "@breezeway/shared";
import {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseResize,
  parseShowToast,
  type AskedPlace,
} from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { TestHostUi, TestHostUiOptions } from "./test-host-types.ts";

export interface TestUi {
  readonly record: TestHostUi;
  /** The method of a call that acts on the page; `undefined` for any other. */
  handlerOf(call: IncomingCall): (() => unknown) | undefined;
}

export interface TestUiParts {
  readonly appId: string;
  readonly answers: TestHostUiOptions;
  readonly can: (capability: string) => boolean;
  readonly context: () => unknown;
}

export function createTestUi({ appId, answers, can, context }: TestUiParts): TestUi {
  const toasts: { text: string; tone: ToastTone }[] = [];
  const questions: ConfirmOptions[] = [];
  const modals: GuestModal[] = [];
  const closings: unknown[] = [];
  const navigations: AskedPlace[] = [];
  const paths: string[] = [];
  const sizes: FrameSize[] = [];
  /** Nobody has answered it, and whoever asks still waits. */
  let openDialog: object | undefined;

  const demand = (method: string, capability: string): void => {
    if (can(capability)) return;
    throw new BridgeError(
      "CAPABILITY_MISSING",
      `"${method}" needs the capability "${capability}", which the app's manifest does not list.`,
      { details: { capability } },
    );
  };

  const inDialog = async <T>(signal: AbortSignal, answer: () => T | PromiseLike<T>): Promise<T> => {
    if (openDialog) throw new BridgeError("CALL_LIMIT_EXCEEDED", "A dialog is open already.");
    const mine = {};
    const end = (): void => {
      if (openDialog === mine) openDialog = undefined;
    };
    openDialog = mine;
    signal.addEventListener("abort", end);
    try {
      return await answer();
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  };

  const handlers = new Map<string, (call: IncomingCall) => unknown>([
    [
      BUILT_IN_METHODS.navigate,
      ({ args }) => {
        demand("navigate", SURFACE_CAPABILITIES.navigate);
        const target = parseNavigate(args);
        if (target.to === "app" && target.app !== undefined && target.app !== appId) {
          demand("navigate", SURFACE_CAPABILITIES.navigateToApps);
        }
        navigations.push(target);
        return answers.navigate?.(target);
      },
    ],
    [BUILT_IN_METHODS.reportPath, ({ args }) => void paths.push(parseReportPath(args))],
    [
      BUILT_IN_METHODS.resize,
      ({ args }) => {
        const size = parseResize(args);
        sizes.push(size);
        return answers.resize?.(size) ?? size;
      },
    ],
    [
      BUILT_IN_METHODS.showToast,
      ({ args }) => {
        demand("showToast", SURFACE_CAPABILITIES.showToast);
        toasts.push(parseShowToast(args));
      },
    ],
    [
      BUILT_IN_METHODS.confirm,
      ({ args, signal }) => {
        demand("confirm", SURFACE_CAPABILITIES.confirm);
        const question = parseConfirm(args);
        return inDialog(signal, () => {
          questions.push(question);
          return answers.confirm?.(question) ?? true;
        });
      },
    ],
    [
      BUILT_IN_METHODS.openModal,
      ({ args, signal }) => {
        demand("openModal", SURFACE_CAPABILITIES.openModal);
        const { name, data } = parseOpenModal(args);
        return inDialog(signal, () => {
          modals.push({ name, data });
          return answers.openModal?.({ name, data });
        });
      },
    ],
    [
      BUILT_IN_METHODS.closeModal,
      ({ args: [result] }) => {
        const current = context();
        if (!isRecord(current) || !isRecord(current["modal"])) {
          throw new BridgeError(
            "SURFACE_REFUSED",
            "This is no dialog: the context has no `modal`.",
          );
        }
        closings.push(result);
      },
    ],
  ]);

  return {
    record: { toasts, questions, modals, closings, navigations, paths, sizes },
    handlerOf(call) {
      const handler = handlers.get(call.method);
      return handler && (() => handler(call));
    },
  };
}
