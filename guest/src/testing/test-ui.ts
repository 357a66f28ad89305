/**
 * The host's page around the guest under test. Arguments and capabilities are checked as in a real
 * host. Each dialog and toast is recorded instead of shown, and the test answers for the user. Every call counts as
 * a user's click, and no call counts as too frequent; only one dialog is open at a time.
 */
import {
  assertCapability,
  BridgeError,
  dialogOpen,
  isRecord,
  isSurfaceMethod,
  notInModal,
  SURFACE_CAPABILITIES,
  SURFACE_RULES,
  type AppScopes,
  type ConfirmOptions,
  type FrameSize,
  type GuestModal,
  type SurfaceMethod,
  type ToastTone,
} from "@breezeway/shared";
import {
  parseConfirm,
  parseNavigate,
  parseOpenModal,
  parseReportPath,
  parseRequestScopes,
  parseResize,
  parseShowToast,
  type AskedPlace,
} from "@breezeway/shared/schemas";
import type { IncomingCall } from "@breezeway/shared/channel";
import type { TestHostUi, TestHostUiOptions } from "./test-host-types.ts";

export interface TestUi {
  readonly record: TestHostUi;
  /** The handler of a call that acts on the page; `undefined` for any other call. */
  handlerOf(call: IncomingCall): (() => unknown) | undefined;
}

export interface TestUiDeps {
  readonly appId: string;
  readonly answers: TestHostUiOptions;
  readonly can: (capability: string) => boolean;
  readonly context: () => unknown;
  readonly scopes: TestScopes;
}

/** The scopes of the app under test. */
export interface TestScopes {
  readonly current: AppScopes;
  grant(scopes: readonly string[]): void;
}

interface UiRecord {
  readonly toasts: { text: string; tone: ToastTone }[];
  readonly questions: ConfirmOptions[];
  readonly modals: GuestModal[];
  readonly closings: unknown[];
  readonly navigations: AskedPlace[];
  readonly paths: string[];
  readonly sizes: FrameSize[];
  readonly scopeRequests: (readonly string[])[];
}

type SurfaceHandlers = Readonly<Record<SurfaceMethod, (call: IncomingCall) => unknown>>;

export function createTestUi(deps: TestUiDeps): TestUi {
  const record: UiRecord = {
    toasts: [],
    questions: [],
    modals: [],
    closings: [],
    navigations: [],
    paths: [],
    sizes: [],
    scopeRequests: [],
  };
  const handlers = createHandlers(deps, record);
  return {
    record,
    handlerOf(call) {
      const { method } = call;
      if (!isSurfaceMethod(method)) return undefined;
      return () => {
        assertCapability(deps.can, `"${method}"`, SURFACE_RULES[method].capability);
        return handlers[method](call);
      };
    },
  };
}

function createHandlers(deps: TestUiDeps, record: UiRecord): SurfaceHandlers {
  const { appId, answers, can, scopes } = deps;
  const inDialog = createDialogPlace();
  return {
    navigate({ args }) {
      const target = parseNavigate(args);
      if (target.to === "app" && target.app !== undefined && target.app !== appId) {
        assertCapability(can, '"navigate"', SURFACE_CAPABILITIES.navigateToApps);
      }
      record.navigations.push(target);
      return answers.navigate?.(target);
    },
    reportPath: ({ args }) => void record.paths.push(parseReportPath(args)),
    resize({ args }) {
      const size = parseResize(args);
      record.sizes.push(size);
      return answers.resize?.(size) ?? size;
    },
    showToast: ({ args }) => void record.toasts.push(parseShowToast(args)),
    confirm({ args, signal }) {
      const question = parseConfirm(args);
      return inDialog(signal, () => {
        record.questions.push(question);
        return answers.confirm?.(question) ?? true;
      });
    },
    openModal({ args, signal }) {
      const { name, data } = parseOpenModal(args);
      return inDialog(signal, () => {
        record.modals.push({ name, data });
        return answers.openModal?.({ name, data });
      });
    },
    closeModal({ args: [result] }) {
      const current = deps.context();
      if (!isRecord(current) || !isRecord(current["modal"])) throw notInModal();
      record.closings.push(result);
    },
    queryScopes: () => scopes.current,
    requestScopes({ args, signal }) {
      const missing = missingOf(scopes.current, parseRequestScopes(args));
      if (missing.length === 0) return "granted";
      return inDialog(signal, async () => {
        record.scopeRequests.push(missing);
        const answer = (await answers.requestScopes?.(missing)) ?? "granted";
        if (answer === "granted") scopes.grant(missing);
        return answer;
      });
    },
  };
}

function missingOf(
  { granted, required, optional }: AppScopes,
  asked: readonly string[],
): readonly string[] {
  const unknown = asked.find((scope) => ![...required, ...optional].includes(scope));
  if (unknown === undefined) return asked.filter((scope) => !granted.includes(scope));
  throw new BridgeError(
    "CALL_ARGUMENTS_INVALID",
    `"requestScopes": scopes: the manifest does not list ${unknown}.`,
  );
}

/** The place of the one open dialog. It is free again once its caller no longer waits. */
function createDialogPlace() {
  let open: object | undefined;
  return async <T>(signal: AbortSignal, answer: () => T | PromiseLike<T>): Promise<T> => {
    if (open) throw dialogOpen();
    const mine = {};
    const leave = (): void => {
      if (open === mine) open = undefined;
    };
    open = mine;
    signal.addEventListener("abort", leave);
    try {
      return await answer();
    } finally {
      signal.removeEventListener("abort", leave);
      leave();
    }
  };
}
