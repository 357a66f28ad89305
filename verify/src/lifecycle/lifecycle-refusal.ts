/**
 * Thrown by a handler that does not want the installation: the issuer stops trying, and shows the text
 * to whoever manages the tenant's apps. At most 300 characters of it, as plain text.
 *
 * @example
 * throw new LifecycleRefusal("Your plan does not include this app.");
 */
export class LifecycleRefusal extends Error {
  override readonly name = "LifecycleRefusal";
}
