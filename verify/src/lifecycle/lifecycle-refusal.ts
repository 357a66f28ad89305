/**
 * Thrown by a handler to refuse the installation. The issuer stops retrying and shows the message to the
 * people who manage the tenant's apps: plain text, at most 300 characters.
 *
 * @example
 * throw new LifecycleRefusal("Your plan does not include this app.");
 */
export class LifecycleRefusal extends Error {
  override readonly name = "LifecycleRefusal";
}
