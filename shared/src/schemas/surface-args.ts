/** Parsers for the arguments of the methods that act on the host's page. The test kit uses them, too. */
import * as z from "zod/mini";
import { BridgeError } from "../errors/bridge-error.ts";
import { SURFACE_LIMITS } from "../limits.ts";
import { isRight } from "../protocol/names.ts";
import { isCloneable } from "../protocol/guards.ts";
import { normalPath } from "../protocol/normal-path.ts";
import {
  CONFIRM_TONES,
  TOAST_TONES,
  type ConfirmOptions,
  type FrameSize,
  type NavigateOptions,
  type OpenModalOptions,
  type ToastOptions,
} from "../protocol/surfaces.ts";
import { parseWith } from "./parse.ts";

type Args = readonly unknown[];

const atMost = (maxLength: number) =>
  z.string().check(z.maxLength(maxLength, `must be at most ${maxLength} characters`));

// Some letters are invisible, such as U+3164.
const READABLE = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{N}]/u;

/** A readable text. A dialog or button without one would look like the host's own. */
const words = (maxLength: number) =>
  atMost(maxLength).check(z.regex(READABLE, "must have a letter or a digit"));

const path = z
  .string()
  .check(
    z.refine(
      (value) => normalPath(value) !== undefined,
      "must be a path that begins with one slash and stays on its origin",
    ),
  );

const pixels = z.number().check(z.minimum(0));

const toastSchema = z.strictObject({
  text: words(SURFACE_LIMITS.maxToastLength),
  options: z.optional(z.strictObject({ tone: z.optional(z.enum(TOAST_TONES)) })),
});

const confirmSchema = z.strictObject({
  title: words(SURFACE_LIMITS.maxTitleLength),
  text: z.optional(atMost(SURFACE_LIMITS.maxTextLength)),
  confirmLabel: z.optional(words(SURFACE_LIMITS.maxButtonLength)),
  cancelLabel: z.optional(words(SURFACE_LIMITS.maxButtonLength)),
  tone: z.optional(z.enum(CONFIRM_TONES)),
});

const modalSchema = z.strictObject({
  name: z.string(),
  options: z.optional(z.strictObject({ data: z.optional(z.unknown()) })),
});

const sizeSchema = z
  .strictObject({ heightPx: z.optional(pixels), widthPx: z.optional(pixels) })
  .check(
    z.refine(
      ({ heightPx, widthPx }) => heightPx !== undefined || widthPx !== undefined,
      "must have heightPx or widthPx",
    ),
  );

const navigateSchema = z.strictObject({
  target: z.union([path, z.strictObject({ app: z.optional(z.string()), path: z.optional(path) })]),
  options: z.optional(z.strictObject({ replace: z.optional(z.boolean()) })),
});

const scopesSchema = z.strictObject({
  scopes: z
    .array(z.string().check(z.refine(isRight, "must have the form resource:action")))
    .check(z.minLength(1), z.maxLength(SURFACE_LIMITS.maxScopes)),
});

export type AskedToast = Required<ToastOptions> & { readonly text: string };
export type AskedConfirm = ConfirmOptions & Required<Pick<ConfirmOptions, "tone">>;
export type AskedModal = OpenModalOptions & { readonly name: string };
/** Paths are normalised, as a browser shows them. */
export type AskedPlace = Required<NavigateOptions> &
  (
    | { readonly to: "host"; readonly path: string }
    | { readonly to: "app"; readonly app: string | undefined; readonly path: string | undefined }
  );

/** @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field */
export function parseShowToast([text, options]: Args): AskedToast {
  const asked = parse("showToast", toastSchema, { text, options });
  return { text: asked.text, tone: asked.options?.tone ?? "info" };
}

/** @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field */
export function parseConfirm([options]: Args): AskedConfirm {
  const { text, confirmLabel, cancelLabel, ...asked } = parse("confirm", confirmSchema, options);
  return {
    title: asked.title,
    tone: asked.tone ?? "normal",
    ...(text === undefined ? {} : { text }),
    ...(confirmLabel === undefined ? {} : { confirmLabel }),
    ...(cancelLabel === undefined ? {} : { cancelLabel }),
  };
}

/**
 * @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field; VALUE_NOT_CLONEABLE for data that was
 * transferred here and cannot be cloned again for the frame in the dialog, such as a port
 */
export function parseOpenModal([name, options]: Args): AskedModal {
  const asked = parse("openModal", modalSchema, { name, options });
  const data = asked.options?.data;
  if (isCloneable(data)) return { name: asked.name, data };
  throw new BridgeError(
    "VALUE_NOT_CLONEABLE",
    '"openModal": options.data: must be cloneable, since it is sent on to the page in the dialog.',
  );
}

/**
 * @returns The scopes, each once.
 * @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field
 */
export function parseRequestScopes([scopes]: Args): readonly string[] {
  return [...new Set(parse("requestScopes", scopesSchema, { scopes }).scopes)];
}

/** @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field */
export function parseResize([size]: Args): FrameSize {
  const { heightPx, widthPx } = parse("resize", sizeSchema, size);
  return {
    ...(heightPx === undefined ? {} : { heightPx }),
    ...(widthPx === undefined ? {} : { widthPx }),
  };
}

/**
 * @returns The path in normal form, as a browser shows it.
 * @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field
 */
export function parseReportPath([given]: Args): string {
  return normal(parse("reportPath", z.strictObject({ path }), { path: given }).path);
}

/** @throws {BridgeError} CALL_ARGUMENTS_INVALID, naming the field */
export function parseNavigate([given, options]: Args): AskedPlace {
  const asked = parse("navigate", navigateSchema, { target: given, options });
  const replace = asked.options?.replace ?? false;
  const { target } = asked;
  if (typeof target === "string") return { to: "host", path: normal(target), replace };
  return {
    to: "app",
    app: target.app,
    path: target.path === undefined ? undefined : normal(target.path),
    replace,
  };
}

function parse<S extends z.core.$ZodType>(method: string, schema: S, value: unknown) {
  return parseWith(schema, value, { code: "CALL_ARGUMENTS_INVALID", source: `"${method}"` });
}

// The schema accepts only paths that have a normal form.
function normal(checked: string): string {
  return normalPath(checked) ?? "/";
}
