/** Version of this package, sent to the host for its logs. A test compares it with package.json. */
export const SDK_VERSION = "0.1.0";
