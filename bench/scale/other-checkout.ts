/**
 * Imported before a bench (`node --import`): the packages come from the checkout that `BREEZEWAY_CHECKOUT` names, so
 * that one bench measures two versions of them.
 */
import { registerHooks } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const PRODUCT = /^@breezeway\/(?:gateway|guest|host|issuer|shared|verify)(?:\/|$)/u;

const checkout = process.env["BREEZEWAY_CHECKOUT"];
if (checkout !== undefined) {
  const parentURL = pathToFileURL(join(checkout, "bench/package.json")).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, PRODUCT.test(specifier) ? { ...context, parentURL } : context),
  });
}
